/** What is not done with a copy that is out of service. Pure. */

import type { Tag } from '../../zfs/names.ts';
import type { Properties } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import { retiredSince } from './retirement.ts';
import { sayRetired } from './say-missing.ts';

/** @throws Failure, with what takes it into service, where `dataset` is retired. `own` has to have TAG:retired in it. */
export function refuseRetired(own: Properties | undefined, dataset: string, tag: Tag): void {
  const since = retiredSince(own, tag);
  if (since !== undefined) throw new Failure(sayRetired({ dataset, since }, tag));
}
