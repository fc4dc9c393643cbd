/**
 * `zrep _refreshcomplete`: marks a snapshot as sent, if it was: what was streamed to this client is on record. Nothing else
 * of the client's can be set this way. From this hour on the ones before it count as superseded, so that it goes into the
 * record, too: a thief can mark what was streamed long ago to a backup that could not receive it.
 */

import type { Refreshcomplete } from '../command/request.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import type { Change } from '../zfs/program.ts';
import { localValue, parseListing } from '../zfs/state.ts';
import type { Done } from './done.ts';
import { bookmarkFacts } from './keep-base.ts';
import type { Unrecorded } from './kept-lock.ts';
import { readStreamed, recordChange, recordStreamed } from './record-streamed.ts';
import { missingSnapshot, mustSucceed, type Step } from './step.ts';
import { parseStreamed, STREAMED } from './streamed.ts';

export async function refreshcomplete(
  step: Step,
  { dataset, tag, snapshot, sent }: Refreshcomplete,
): Promise<Done | Refusal> {
  step.interruption.check();
  const name = formatZrepSnapshot(snapshot);
  const left = await step.kept?.takeUnrecorded();
  const own = left?.streamed[0]?.name === name ? left : undefined;
  if (own === undefined) await left?.record();
  try {
    return await complete(step, { dataset, tag, snapshot, sent }, own);
  } catch (error) {
    // It did come: the record is made all the same, before the lock goes.
    if (own) step.kept?.leaveUnrecorded(own);
    throw error;
  }
}

/** `own` is what was streamed of the snapshot in the command before, and is not on record yet. */
async function complete(
  step: Step,
  mark: Mark & Pick<Refreshcomplete, 'dataset'>,
  own: Unrecorded | undefined,
): Promise<Done | Refusal> {
  const { dataset } = mark;
  const name = formatZrepSnapshot(mark.snapshot);
  const { streamed, along } = own ?? { streamed: [{ name, guid: undefined }], along: [] };
  const read = await readStreamed(step, streamed);
  const missing = await missingSnapshot(step, read, dataset, name.slice(dataset.length + 1));
  if (missing) return missing;
  const listing = parseListing((own ? read : mustSucceed(read, dataset)).output);
  if (!own && !parseStreamed(localValue(listing.get(name), STREAMED)).has(step.client))
    return refuse('not-streamed', name);
  const marked = (record: string) => markChanges(mark, record);
  const made = await recordStreamed(step, dataset, streamed, along, marked, listing);
  return isRefusal(made) ? made : { facts: { snapshot: name, ...bookmarkFacts(along, made) } };
}

type Mark = Pick<Refreshcomplete, 'tag' | 'snapshot' | 'sent'>;

/** What marks a snapshot as sent. The record first, where it is another now: without its hour no mark would count as of today. */
export function markChanges({ tag, snapshot, sent }: Mark, record: string): Change[] {
  const target = formatZrepSnapshot(snapshot);
  return [
    recordChange(target, record),
    { does: 'set', target, property: `${tag}:sent`, value: String(sent) },
  ];
}
