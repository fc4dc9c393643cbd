/** What a rollback of the other side to a snapshot would destroy, for a person to read. */

import { succeeded } from '../../process/pipeline.ts';
import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { anyValue, type Listing, parseListing } from '../../zfs/state.ts';
import { type Answer, MOST_OF_LISTING } from '../far/answer.ts';
import type { FarSide } from '../far/far-side.ts';
import { reasonOf } from '../far/ssh-failure.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { Course } from './master.ts';

const PROPERTIES = ['guid', 'createtxg', 'creation'];
/** Not every zfs has these. */
const MORE = ['clones', 'written'];

/**
 * The losses, one a line.
 *
 * @throws Failure where the other side's snapshot of that name is another one, or, without -f, where it cannot be told.
 */
export async function newerThere(
  { settings }: Run,
  far: FarSide,
  { destination }: Course,
  { name, guid }: TaggedSnapshot,
): Promise<string[]> {
  const ask = (properties: readonly string[]): Promise<Answer> =>
    far.ask(`zfs ${readStateArgv(destination, properties, 1).join(' ')}`, MOST_OF_LISTING);
  const whole = await ask([...PROPERTIES, ...MORE]);
  const answer = succeeded(whole) ? whole : await ask(PROPERTIES);
  if (!succeeded(answer)) {
    if (settings.force) return [];
    throw new Failure(
      `what would be destroyed on ${far.host.name} cannot be listed (${reasonOf(answer) ?? 'no answer'}); -f does it all the same`,
    );
  }
  const listing = parseListing(answer.output);
  const theirs = anyValue(listing.get(`${destination}@${name}`), 'guid');
  if (theirs !== guid)
    throw new Failure(
      `${destination}@${name} on ${far.host.name} is another snapshot than the one here (GUID ${theirs ?? '-'}, here ${guid}); nothing was done`,
    );
  return describeNewer(listing, destination, name);
}

/** The snapshots of `dataset` in `listing` that are newer than the one called `name`, clones of theirs, and changes since. Pure. */
export function describeNewer(listing: Listing, dataset: string, name: string): string[] {
  const made = (one: string) => Number(anyValue(listing.get(one), 'createtxg'));
  const newer = [...listing.keys()]
    .filter((one) => one.startsWith(`${dataset}@`) && made(one) > made(`${dataset}@${name}`))
    .sort((a, b) => made(a) - made(b));
  const clones = newer.flatMap((one) => {
    const names = (anyValue(listing.get(one), 'clones') ?? '').split(',').filter((clone) => clone !== '');
    return names.map((clone) => `${clone}, a clone of ${one}, with all that is in it`);
  });
  const written = anyValue(listing.get(dataset), 'written');
  const changes =
    written === undefined
      ? ['changes since the newest snapshot, if there are any: the zfs there does not tell']
      : [`changes since the newest snapshot: ${written} bytes`];
  return [
    ...newer.map((one) => `${one}, of ${sayTime(anyValue(listing.get(one), 'creation'))}`),
    ...clones,
    ...(written === '0' ? [] : changes),
  ];
}

/** The same on both hosts, whatever their time zones: `2026-11-25 00:29:12 UTC`. */
function sayTime(seconds: string | undefined): string {
  const time = new Date(Number(seconds) * 1000);
  return Number.isNaN(time.getTime()) ? '?' : `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
