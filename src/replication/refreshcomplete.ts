/** `zrep _refreshcomplete`: marks a snapshot as sent. Nothing else can be set this way. */

import type { Refreshcomplete } from '../command/request.ts';
import type { Refusal } from '../refusal.ts';
import { setArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import type { Done } from './done.ts';
import { missingSnapshot, mustSucceed, type Step } from './step.ts';

export async function refreshcomplete(
  step: Step,
  { dataset, tag, snapshot, sent }: Refreshcomplete,
): Promise<Done | Refusal> {
  step.interruption.check();
  const name = formatZrepSnapshot(snapshot);
  const ended = await step.zfs.ask(setArgv(name, { [`${tag}:sent`]: String(sent) }));
  const missing = await missingSnapshot(step, ended, dataset, name.slice(dataset.length + 1));
  if (missing) return missing;
  mustSucceed(ended, dataset);
  return { facts: { snapshot: name } };
}
