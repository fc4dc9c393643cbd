/**
 * What `zrep init --pull` does, by what is in the place of the copy: `--dry-run` prints it. Pure.
 */

import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { taggedSnapshots } from '../../replication/snapshots.ts';
import { setArgv } from '../../zfs/argv.ts';
import type { Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue } from '../../zfs/state.ts';
import { refuseRetired } from '../copies/refuse-retired.ts';
import { receivingOf } from '../copy/destination.ts';
import { receiveArgv } from '../copy/receive.ts';
import {
  initCommand,
  initpullCommand,
  refreshcompleteCommand,
  snaponlyCommand,
} from '../far/far-commands.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import type { Settings } from '../words/settings.ts';
import type { Aside } from './step-aside.ts';

export class SetUpAlready extends Failure {}

/** What is here in the place of the copy. */
export interface Found {
  readonly listing: Listing;
  readonly exists: boolean;
}

export const NOTHING: Found = { listing: new Map(), exists: false };

export interface Plan {
  /** The properties of the copy. */
  readonly pair: Readonly<Record<string, string>>;
  readonly found: Found;
  /** What came whole, so that its mark alone is missing. */
  readonly snapshots: readonly TaggedSnapshot[];
  /** Of a first stream that is resumed. */
  readonly token: string | undefined;
  /** What is in its place, and gets another name: an old copy, or with -R a part of the tree, which cannot be completed. */
  readonly aside: Aside | undefined;
}

export function pairOf(
  { host, source, destination }: InitPullCommand,
  { tag, hostName, saveCount }: Settings,
): Record<string, string> {
  return {
    [`${tag}:src-fs`]: source,
    [`${tag}:src-host`]: host,
    [`${tag}:dest-fs`]: destination,
    [`${tag}:dest-host`]: hostName,
    [`${tag}:savecount`]: String(saveCount),
  };
}

/** Whether the properties of what is here say that it is the copy of that source. */
export function isNamed({ listing }: Found, dataset: string, tag: Tag, pair: Plan['pair']): boolean {
  const own = listing.get(dataset);
  return [`${tag}:src-fs`, `${tag}:src-host`].every((name) => localValue(own, name) === pair[name]);
}

/** @throws Failure where something else is in the place of the copy. */
export function planOf(
  command: InitPullCommand,
  settings: Settings,
  found: Found,
  aside: Aside | undefined,
  ours: boolean,
): Plan {
  const { tag, force } = settings;
  const { destination } = command;
  const pair = pairOf(command, settings);
  const own = found.listing.get(destination);
  const snapshots = taggedSnapshots(found.listing, destination, tag);
  refuseRetired(own, destination, tag);
  if (found.exists && localValue(own, `${tag}:master`) === 'yes')
    throw new Failure(`${destination} is itself the master of a pair under the tag ${tag}`);
  if (ours && snapshots.some(({ sent }) => sent !== undefined))
    throw new SetUpAlready(`${destination} is set up already: ${zrepAgain(settings)} refresh ${destination}`);
  if (found.exists && !ours && !force)
    throw new Failure(
      `${destination} exists already, and was not begun by this command. Nothing was done. Take another name${destination.includes('/') ? `, or keep it under another one: zfs rename ${destination} ${destination}_old` : ' below it'}`,
    );
  const [inside] = [...found.listing.keys()].filter((name) => name !== destination);
  if (!ours && inside !== undefined)
    throw new Failure(
      `${destination} has ${inside}, which -f does not destroy. Nothing was done. Take another name`,
    );
  const token = anyValue(own, 'receive_resume_token');
  return { pair, found, snapshots: ours ? snapshots : [], token, aside };
}

/** What would happen, on either side. */
export function describe(
  { settings, step }: Run,
  { host, source, destination, anew }: InitPullCommand,
  { pair, found, snapshots, token, aside }: Plan,
): string[] {
  const whole = snapshots.at(-1)?.name;
  const name = whole ?? `${settings.tag}_${anew ? '<new>' : '000000'}`;
  const snapshot = `${source}@${name}`;
  const receiving = receivingOf(found.listing.get(destination), settings.tag);
  const set = { readonly: 'on', ...pair };
  const argv = receiveArgv(step.capabilities, destination, receiving, {
    force: settings.force,
    set,
    properties: settings.recursive,
    resumable: !settings.recursive,
  });
  const begin = [
    initCommand(settings, source, settings.hostName, destination, settings.saveCount),
    ...(anew ? [snaponlyCommand(settings, source)] : []),
    initpullCommand(settings, snapshot, token),
  ];
  const take = [
    ...(aside === undefined ? [] : [`rename ${aside.old} ${aside.name}`]),
    whole === undefined ? argv.join(' ') : setArgv(destination, set).join(' '),
  ];
  return [
    `On ${host}, by ssh:`,
    ...(whole === undefined ? begin : []).map((line) => `  ${line}`),
    `  ${refreshcompleteCommand(settings, snapshot, `${settings.tag}:sent=<now>`)}`,
    'Here:',
    ...take.map((words) => `  zfs ${words}`),
    `  zfs set ${settings.tag}:sent=<now> ${destination}@${name}`,
    'Nothing was done.',
  ];
}
