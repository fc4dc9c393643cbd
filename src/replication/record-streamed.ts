/** After a stream that ended well: what it was of is looked at once more, and put on record. */

import type { Refreshcomplete } from '../command/request.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { readPropertiesArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
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
 * `recording` says what puts it on record; `listing` is what `readStreamed` has just read. The refusal, when one is another by now than
 * when the stream was decided on, or the snapshot is gone. A base that is gone does no harm: nothing more is read of it.
 *
 * @throws ZfsFailed when it cannot be recorded.
 */
export async function recordStreamed(
  step: Step,
  dataset: string,
  streamed: readonly Named[],
  along: readonly Change[],
  recording: (record: string) => readonly Change[] = (record) => [
    recordChange(streamed[0]?.name ?? dataset, record),
  ],
  listing?: Listing,
): Promise<Made | Refusal> {
  for (let attempt = 1; ; attempt += 1) {
    const known = listing ?? parseListing((await readStreamed(step, streamed)).output);
    listing = undefined;
    const decided = decideRecord(step.client, dataset, known, streamed, recording);
    if (isRefusal(decided)) return decided;
    const made = await changeTogether(step, dataset, decided.premises, [...decided.changes, ...along]);
    if (!('holds' in made)) return made;
    if (attempt === TRIES) return refuse('changed-meanwhile', made.target);
  }
}

/** What puts a stream on record. */
interface Recording {
  /** What the record then is. */
  readonly value: string;
  readonly premises: readonly Premise[];
  readonly changes: readonly Change[];
}

/**
 * What `recordStreamed` decides for `client` from `known`, which has the GUIDs and the record of what is there of `streamed`. Pure, but for the
 * clock.
 */
export function decideRecord(
  client: string,
  dataset: string,
  known: Listing,
  streamed: readonly Named[],
  recording: (record: string) => readonly Change[],
): Recording | Refusal {
  const [{ name, guid } = { name: dataset, guid: undefined }] = streamed;
  const changed = streamed.find(
    (one) => isAnother(known, one) || (one.name === name && guid !== undefined && !known.has(name)),
  );
  if (changed) return refuse('changed-meanwhile', changed.name);
  const before = localValue(known.get(name), STREAMED);
  const value = addStreamed(parseStreamed(before), client, Math.floor(Date.now() / 1000));
  // Its hour can be on record already.
  const changes = recording(value).filter(
    (change) => change.does !== 'set' || change.property !== STREAMED || value !== before,
  );
  return { value, premises: premisesOf(known, streamed, before), changes };
}

/** Another client's record can come between reading and writing: then it is read anew. */
const TRIES = 5;

/** `guid` and the record of what was streamed; of several names zfs prints those that are there. */
export function readStreamed(
  { zfs }: Pick<Step, 'zfs'>,
  streamed: readonly Named[],
): ReturnType<Step['zfs']['ask']> {
  const names = streamed.map(({ name }) => name);
  return zfs.ask(readPropertiesArgv(names, ['guid', STREAMED]));
}

function isAnother(listing: Listing, { name, guid }: Named): boolean {
  return guid !== undefined && listing.has(name) && anyValue(listing.get(name), 'guid') !== guid;
}

/** What puts a stream of the snapshot `target` on record. */
export function recordChange(target: string, record: string): Change {
  return { does: 'set', target, property: STREAMED, value: record };
}

/** Of a command, what it says of the mark. */
type Mark = Pick<Refreshcomplete, 'tag' | 'snapshot' | 'sent'>;

/** What marks a snapshot as sent. The record first, where it is another now: without its hour no mark would count as of today. */
export function markChanges({ tag, snapshot, sent }: Mark, record: string): Change[] {
  const target = formatZrepSnapshot(snapshot);
  return [
    recordChange(target, record),
    { does: 'set', target, property: `${tag}:sent`, value: String(sent) },
  ];
}

function premisesOf(listing: Listing, streamed: readonly Named[], record: string | undefined): Premise[] {
  const [{ name } = { name: '' }] = streamed;
  return [
    { holds: 'value', target: name, property: STREAMED, value: record },
    // A program looks at snapshots alone: of a bookmark it knows no GUID.
    ...streamed.flatMap(({ name, guid }): Premise[] =>
      guid !== undefined && listing.has(name) && name.includes('@')
        ? [{ holds: 'guid', target: name, guid }]
        : [],
    ),
  ];
}

/** By a program where that saves a call. */
async function changeTogether(
  step: Step,
  dataset: string,
  premises: readonly Premise[],
  changes: readonly Change[],
): Promise<Made | Premise> {
  if (changes.every(({ does }) => does === 'set') || !fitsProgram(step, premises, changes))
    return changeByCalls(step, dataset, changes);
  const made = await changeAtOnce(step, dataset, premises, changes);
  if (made === 'cannot') return changeByCalls(step, dataset, changes);
  return made;
}
