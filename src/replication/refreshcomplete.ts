/**
 * `zrep _refreshcomplete`: marks a snapshot as sent, if it was: what was streamed to this client is on record. Nothing else
 * of the client's can be set this way. From this hour on the ones before it count as superseded, so that it goes into the
 * record, too: a thief can mark what was streamed long ago to a backup that could not receive it.
 */

import type { Refreshcomplete } from '../command/request.ts';
import { isRefusal, type Refusal, refuse } from '../refusal.ts';
import { readPropertiesArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import type { Change } from '../zfs/program.ts';
import { localValue, parseListing } from '../zfs/state.ts';
import type { Done } from './done.ts';
import { bookmarkFacts } from './keep-base.ts';
import { recordOn } from './record-streamed.ts';
import { missingSnapshot, mustSucceed, type Step } from './step.ts';
import { parseStreamed, STREAMED } from './streamed.ts';

export async function refreshcomplete(
  step: Step,
  { dataset, tag, snapshot, sent }: Refreshcomplete,
): Promise<Done | Refusal> {
  step.interruption.check();
  const name = formatZrepSnapshot(snapshot);
  const left = step.kept?.takeUnrecorded();
  const isOfThis = left?.streamed[0]?.name === name;
  if (!isOfThis) await left?.record();
  const { streamed, along } = left && isOfThis ? left : { streamed: [{ name, guid: undefined }], along: [] };
  const read = await step.zfs.ask(
    readPropertiesArgv(
      streamed.map((one) => one.name),
      ['guid', STREAMED],
    ),
  );
  const missing = await missingSnapshot(step, read, dataset, name.slice(dataset.length + 1));
  if (missing) return missing;
  // Of what was streamed something may be gone: that is found below.
  const listing = parseListing((isOfThis ? read : mustSucceed(read, dataset)).output);
  const own = listing.get(name);
  if (!isOfThis && !parseStreamed(localValue(own, STREAMED)).has(step.client))
    return refuse('not-streamed', name);
  const marked = (record: string) => markChanges({ tag, snapshot, sent }, record);
  const made = await recordOn(step, dataset, listing, streamed, along, marked);
  return isRefusal(made) ? made : { facts: { snapshot: name, ...bookmarkFacts(along, made) } };
}

/** What marks a snapshot as sent. The record first, where it is another now: without its hour no mark would count as of today. */
export function markChanges(
  { tag, snapshot, sent }: Pick<Refreshcomplete, 'tag' | 'snapshot' | 'sent'>,
  record: string,
): Change[] {
  const target = formatZrepSnapshot(snapshot);
  return [
    { does: 'set', target, property: STREAMED, value: record },
    { does: 'set', target, property: `${tag}:sent`, value: String(sent) },
  ];
}
