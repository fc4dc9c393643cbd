/**
 * `zrep _refreshcomplete`: marks a snapshot as sent, if it was: what was streamed to this client is on record. Nothing else
 * can be set this way.
 */

import type { Refreshcomplete } from '../command/request.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { readPropertiesArgv, setArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import { localValue, parseListing } from '../zfs/state.ts';
import type { Done } from './done.ts';
import { missingSnapshot, mustSucceed, type Step } from './step.ts';
import { parseStreamed, STREAMED } from './streamed.ts';

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
  if (!parseStreamed(localValue(own, STREAMED)).has(step.client)) return refuse('not-streamed', name);
  mustSucceed(await step.zfs.ask(setArgv(name, { [`${tag}:sent`]: String(sent) })), dataset);
  return { facts: { snapshot: name } };
}
