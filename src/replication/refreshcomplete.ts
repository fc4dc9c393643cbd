/**
 * `zrep _refreshcomplete`: marks a snapshot as sent, if it was: what was streamed to this client is on record. Nothing else
 * of the client's can be set this way. From this hour on the ones before it count as superseded, so that it goes into the
 * record, too: a thief can mark what was streamed long ago to a backup that could not receive it.
 */

import type { Refreshcomplete } from '../command/request.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { readPropertiesArgv, setArgvs } from '../zfs/argv.ts';
import type { Capabilities } from '../zfs/capabilities.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import { localValue, parseListing } from '../zfs/state.ts';
import type { Done } from './done.ts';
import { missingSnapshot, mustSucceed, type Step } from './step.ts';
import { addStreamed, parseStreamed, STREAMED } from './streamed.ts';

export async function refreshcomplete(
  step: Step,
  { dataset, tag, snapshot, sent }: Refreshcomplete,
): Promise<Done | Refusal> {
  step.interruption.check();
  const name = formatZrepSnapshot(snapshot);
  const read = await step.zfs.ask(readPropertiesArgv([name], [STREAMED]));
  const missing = await missingSnapshot(step, read, dataset, name.slice(dataset.length + 1));
  if (missing) return missing;
  const own = parseListing(mustSucceed(read, dataset).output).get(name);
  const before = localValue(own, STREAMED);
  const record = parseStreamed(before);
  if (!record.has(step.client)) return refuse('not-streamed', name);
  const now = addStreamed(record, step.client, Math.floor(Date.now() / 1000));
  for (const argv of completeArgvs(
    step.capabilities,
    { tag, snapshot, sent },
    now === before ? undefined : now,
  ))
    mustSucceed(await step.zfs.ask(argv), dataset);
  return { facts: { snapshot: name } };
}

/** What marks a snapshot as sent. The record first, where it is another now: without its hour no mark would count as of today. */
export function completeArgvs(
  capabilities: Capabilities,
  { tag, snapshot, sent }: Pick<Refreshcomplete, 'tag' | 'snapshot' | 'sent'>,
  record: string | undefined,
): string[][] {
  const marks = {
    ...(record === undefined ? {} : { [STREAMED]: record }),
    [`${tag}:sent`]: String(sent),
  };
  return setArgvs(capabilities, formatZrepSnapshot(snapshot), marks);
}
