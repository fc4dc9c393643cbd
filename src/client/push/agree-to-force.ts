/**
 * Before `zrep sync -f`, whose `zfs recv -F` on the other side destroys without a word whatever is newer there than the common
 * snapshot: it is listed, and asked for.
 */

import { tagOf } from '../../expire/snapshot.ts';
import { fullName } from '../../replication/snapshots.ts';
import type { FarSide } from '../far/far-side.ts';
import { confirm } from '../run/confirm.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';
import type { Master } from './master.ts';
import { newerThere } from './newer-there.ts';

/**
 * Lists what would go on the other side of `master`, and asks. A host that does not let itself be asked gets what stock does.
 *
 * @throws Failure where the other side's base is another snapshot, another tag may need one that would go, or nobody agrees.
 */
export async function agreeToForce(run: Run, far: FarSide, master: Master, yes: boolean): Promise<void> {
  const { settings } = run;
  const { dataset, destination, base } = master;
  const losses = await newerThere(run, far, master, base);
  const others = losses.filter((line) => (tagOfLine(line) ?? settings.tag) !== settings.tag);
  const where = `${far.host.name}:${destination}`;
  if (others.length > 0)
    throw new Failure(
      `${where} is not rolled back to @${base.name}, and nothing was changed, because a refresh under another tag may begin with: ${others.join('; ')}`,
    );
  await confirm(run, {
    heading: `zrep sync -f rolls ${where} back to ${fullName(base)}, the newest common snapshot. It destroys there:`,
    losses,
    command: `${zrepAgain(settings)} sync -f --yes ${dataset}`,
    agreed: yes,
    unattended: !losses.some((line) => line.includes('@')),
    toldAnyway: true,
  });
}

/** The tag that the name of a snapshot in a line of `newerThere` tells. */
function tagOfLine(line: string): string | undefined {
  const name = /^[^ ]+@([^ ,]+),/.exec(line)?.[1];
  return name === undefined ? undefined : tagOf(name);
}
