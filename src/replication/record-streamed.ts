/** After a stream that ended well: what it was of is looked at once more, and put on record. */

import { type Refusal, refuse } from '../refusal.ts';
import { readPropertiesArgv } from '../zfs/argv.ts';
import type { Change, Premise } from '../zfs/program.ts';
import { anyValue, type Listing, localValue, parseListing } from '../zfs/state.ts';
import type { Base } from './base.ts';
import { changeAtOnce, changeByCalls, fitsProgram, type Made } from './change.ts';
import { fullName, type TaggedSnapshot } from './snapshots.ts';
import type { Step } from './step.ts';
import { addStreamed, type Named, parseStreamed, STREAMED } from './streamed.ts';

/** `snapshot`, and the base where there was one. */
export function namesOf(snapshot: TaggedSnapshot, base: Base | undefined): Named[] {
  return [{ name: fullName(snapshot), guid: snapshot.guid }, ...(base ? [base] : [])];
}

/**
 * Records that the stream of `streamed`, the snapshot first, to this step's client ended well, and makes the changes `along` with it.
 * The refusal, when one is not the snapshot any more that it was when the stream was decided on.
 *
 * @throws ZfsFailed when it cannot be recorded.
 */
export async function recordStreamed(
  step: Step,
  dataset: string,
  streamed: readonly Named[],
  along: readonly Change[],
): Promise<Made | Refusal> {
  const read = await step.zfs.ask(
    readPropertiesArgv(
      streamed.map(({ name }) => name),
      ['guid', STREAMED],
    ),
  );
  // Of several zfs prints those that are there.
  return recordOn(step, dataset, parseListing(read.output), streamed, along);
}

/** The same on what was read of `streamed` just now: `guid` and the record; `recording` says what puts it on record. */
export async function recordOn(
  step: Step,
  dataset: string,
  listing: Listing,
  streamed: readonly Named[],
  along: readonly Change[],
  recording = (record: string): readonly Change[] => [recordChange(streamed[0]?.name ?? dataset, record)],
): Promise<Made | Refusal> {
  const [{ name } = { name: dataset }] = streamed;
  const changed = streamed.find(
    (one) => one.guid !== undefined && anyValue(listing.get(one.name), 'guid') !== one.guid,
  );
  if (changed) return refuse('changed-meanwhile', changed.name);
  const before = localValue(listing.get(name), STREAMED);
  const value = addStreamed(parseStreamed(before), step.client, Math.floor(Date.now() / 1000));
  // Its hour can be on record already.
  const changes = recording(value).filter(
    (change) => change.does !== 'set' || change.property !== STREAMED || value !== before,
  );
  return changeTogether(step, dataset, premisesOf(streamed, before), [...changes, ...along]);
}

/** What puts a stream of the snapshot `target` on record. */
export function recordChange(target: string, record: string): Change {
  return { does: 'set', target, property: STREAMED, value: record };
}

function premisesOf(streamed: readonly Named[], record: string | undefined): Premise[] {
  const [{ name } = { name: '' }] = streamed;
  return [
    { holds: 'value', target: name, property: STREAMED, value: record },
    // A program looks at snapshots alone: of a bookmark it knows no GUID.
    ...streamed.flatMap(({ name, guid }): Premise[] =>
      guid !== undefined && name.includes('@') ? [{ holds: 'guid', target: name, guid }] : [],
    ),
  ];
}

/** By a program where that saves a call. */
async function changeTogether(
  step: Step,
  dataset: string,
  premises: readonly Premise[],
  changes: readonly Change[],
): Promise<Made | Refusal> {
  if (changes.every(({ does }) => does === 'set') || !fitsProgram(step, premises, changes))
    return changeByCalls(step, dataset, changes);
  const made = await changeAtOnce(step, dataset, premises, changes);
  if (made === 'cannot') return changeByCalls(step, dataset, changes);
  return 'holds' in made ? refuse('changed-meanwhile', made.target) : made;
}
