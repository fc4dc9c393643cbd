/** Several properties of a dataset here: in one zfs set where the installed zfs can, otherwise in one each. */

import { mustSucceed } from '../../replication/step.ts';
import { setArgv } from '../../zfs/argv.ts';
import type { Run } from '../run/run.ts';

/** @throws ZfsFailed when one cannot be set. */
export async function setProperties(
  { step }: Pick<Run, 'step'>,
  dataset: string,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  const all = Object.entries(values);
  const calls = step.capabilities.has('batches') ? [all] : all.map((one) => [one]);
  for (const call of calls.filter((entries) => entries.length > 0))
    mustSucceed(await step.zfs.ask(setArgv(dataset, Object.fromEntries(call))), dataset);
}
