/** `zrep _refreshcomplete`: marks a snapshot as sent. Nothing else can be set this way. */

import type { Refreshcomplete } from '../command/request.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { setArgv } from '../zfs/argv.ts';
import { formatZrepSnapshot } from '../zfs/names.ts';
import { succeeded } from '../zfs/run.ts';
import type { Done } from './done.ts';
import { mustSucceed, type Step } from './step.ts';

export async function refreshcomplete(
  step: Step,
  { dataset, tag, snapshot, sent }: Refreshcomplete,
): Promise<Done | Refusal> {
  step.interruption.check();
  const name = formatZrepSnapshot(snapshot);
  const ended = await step.zfs.ask(setArgv(name, `${tag}:sent`, String(sent)));
  // zfs says the same of a missing snapshot and of a missing dataset.
  if (!succeeded(ended) && ended.message.includes(`'${name}': dataset does not exist`)) {
    return refuse('no-such-snapshot', name);
  }
  mustSucceed(ended, dataset);
  return { facts: { snapshot: name } };
}
