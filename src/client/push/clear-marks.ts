/** Sent marks that are not true any more are taken away, here. */

import { fullName, type TaggedSnapshot } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { inheritArgv } from '../../zfs/argv.ts';
import type { Tag } from '../../zfs/names.ts';
import type { Run } from '../run/run.ts';

/** Those of `snapshots`, oldest first, behind `snapshot` that have a mark. Pure. */
export function markedBehind(
  snapshots: readonly TaggedSnapshot[],
  snapshot: TaggedSnapshot,
): TaggedSnapshot[] {
  return snapshots.slice(snapshots.indexOf(snapshot) + 1).filter(({ sent }) => sent !== undefined);
}

export async function clearMarks(
  { step }: Run,
  tag: Tag,
  snapshots: readonly TaggedSnapshot[],
): Promise<void> {
  for (const one of snapshots)
    mustSucceed(await step.zfs.ask(inheritArgv(fullName(one), `${tag}:sent`)), one.dataset);
}
