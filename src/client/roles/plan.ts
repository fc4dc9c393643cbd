/**
 * Which property changes make which role, as words of zfs in their order. Pure.
 *
 * Where zfs sets one property a call, what names this end goes first: until the last of them either pair of names still tells
 * where the other side is (ends.ts). The mark of the master comes last, and goes last, too: of a source cut off in
 * between, the mark says that nothing was handed over yet.
 */

import { inheritArgv, setArgv, setArgvs } from '../../zfs/argv.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import type { Tag } from '../../zfs/names.ts';
import { localValue, type Properties } from '../../zfs/state.ts';
import type { Ends } from './ends.ts';

type Sides = Pick<Ends, 'here' | 'there'>;

/** What makes this end the master. */
export function masterArgvs(capabilities: Capabilities, tag: Tag, { here, there }: Sides): string[][] {
  return setArgvs(capabilities, here.dataset, {
    [`${tag}:dest-fs`]: there.dataset,
    [`${tag}:dest-host`]: there.host.name,
    [`${tag}:src-fs`]: here.dataset,
    [`${tag}:src-host`]: here.host.name,
    [`${tag}:master`]: 'yes',
  });
}

/** What makes this end the copy. */
export function copyArgvs(capabilities: Capabilities, tag: Tag, { here, there }: Sides): string[][] {
  const values = {
    [`${tag}:src-fs`]: there.dataset,
    [`${tag}:src-host`]: there.host.name,
    [`${tag}:dest-fs`]: here.dataset,
    [`${tag}:dest-host`]: here.host.name,
  };
  return [...setArgvs(capabilities, here.dataset, values), inheritArgv(here.dataset, `${tag}:master`)];
}

/** What makes `readonly` as it was before; zfs tells no more of one that a mount has overridden (`temporary`). */
export function readonlyBackArgv(dataset: string, before: Properties | undefined): string[] {
  const own = before?.get('readonly');
  const set = own?.source === 'received' ? own.value : localValue(before, 'readonly');
  return set === undefined ? inheritArgv(dataset, 'readonly') : setArgv(dataset, { readonly: set });
}
