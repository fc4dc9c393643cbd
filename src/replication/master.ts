/**
 * Is this host the master of the file system? Pure.
 *
 * Stock zrep asks only whether src-host is this host, wherever the value comes from. The mark of the master
 * must also be set here: without that, a backup that was once the source would be pulled from (split brain).
 */

import { type Refusal, refuse } from '../refusal.ts';
import type { Tag } from '../zfs/names.ts';
import type { Premise } from '../zfs/program.ts';
import { anyValue, localValue, type Properties } from '../zfs/state.ts';

/** The properties that `refuseUnlessMaster` looks at. */
export function masterProperties(tag: Tag): string[] {
  return [`${tag}:src-host`, `${tag}:master`];
}

/** What `refuseUnlessMaster` went by, as far as it is set on `dataset` itself. */
export function masterPremises(dataset: string, tag: Tag, own: Properties | undefined): Premise[] {
  return masterProperties(tag).map((property) => valuePremise(dataset, property, own));
}

/** `target` has the local value of `property` that was read, or none. */
export function valuePremise(target: string, property: string, own: Properties | undefined): Premise {
  return { holds: 'value', target, property, value: localValue(own, property) };
}

export function refuseUnlessMaster(
  properties: Properties | undefined,
  tag: Tag,
  hostName: string,
): Refusal | undefined {
  const [srcHost = '', master = ''] = masterProperties(tag);
  const host = anyValue(properties, srcHost) ?? '-';
  if (host !== hostName) return refuse('not-master', host, hostName);
  return localValue(properties, master) === 'yes' ? undefined : refuse('not-marked-master', master);
}
