/** Whether the streams of a pair are recursive, for who is asked about it without -R. */

import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { readPropertiesArgv } from '../../zfs/argv.ts';
import { anyValue, ownValue, parseListing } from '../../zfs/state.ts';
import type { Run } from '../run/run.ts';

/** So many are looked at: with -R the newest snapshot is in all of them. */
const LOOKED_AT = 20;

/**
 * True where -R was given, or something below `dataset` that is no pair of its own has the newest snapshot that was sent. zrep
 * makes and sends that without -R of the pair alone.
 */
export async function isRecursive(
  { settings, step }: Run,
  dataset: string,
  children: readonly string[],
  tagged: readonly TaggedSnapshot[],
): Promise<boolean> {
  if (settings.recursive) return true;
  const newest = tagged.findLast(({ sent }) => sent !== undefined)?.name;
  const below = children.filter((name) => name.startsWith(`${dataset}/`)).slice(0, LOOKED_AT);
  if (newest === undefined || below.length === 0) return false;
  const pair = `${settings.tag}:src-fs`;
  const targets = [...below, ...below.map((child) => `${child}@${newest}`)];
  // Of those that are not there zfs only complains.
  const listing = parseListing((await step.zfs.ask(readPropertiesArgv(targets, ['guid', pair]))).output);
  return below.some(
    (child) =>
      ownValue(listing.get(child), pair) === undefined &&
      anyValue(listing.get(`${child}@${newest}`), 'guid') !== undefined,
  );
}
