/** Whether a dataset that is to be granted is there. */

import { didYouMean } from '../../did-you-mean.ts';
import { ask } from '../../doctor/ask.ts';
import type { Dataset } from '../../zfs/names.ts';
import { CannotPair } from './cannot-pair.ts';

/** @throws CannotPair where zfs does not know it, with the name that may have been meant. */
export async function refuseMissing(zfs: string, dataset: Dataset): Promise<void> {
  const { good, output } = await ask([zfs, 'list', '-H', '-o', 'name', '-t', 'filesystem,volume']);
  const names = output.split('\n');
  // Where zfs does not answer, the doctor says so.
  if (!good || names.includes(dataset)) return;
  const meant = didYouMean(dataset, names);
  const hint = meant === undefined ? `Create it first: zfs create -p ${dataset}` : `Did you mean ${meant}?`;
  throw new CannotPair(`there is no ${dataset} on this host. ${hint}`);
}
