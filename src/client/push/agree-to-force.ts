/**
 * Before `zrep sync -f`, whose `zfs recv -F` on the other side destroys without a word whatever is newer there than the common
 * snapshot, and with -R whatever the source does not have: it is listed, and asked for.
 */

import { baseOf } from '../../pair/common.ts';
import { goingBack, lossesOf, neededLines, whysByName } from '../../pair/going-back.ts';
import { printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { parseSnapshot } from '../../zfs/names.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { plainRollbackCommand } from '../far/push-commands.ts';
import { confirm } from '../run/confirm.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain, zrepFor } from '../words/again.ts';
import { basePushed, readBoth, sayObstacle } from './judge-push.ts';
import type { Master } from './master.ts';
import { baseName } from './send-increment.ts';
import { goneLines, treeLosses, withoutExcluded } from './tree-losses.ts';

/**
 * Lists what would go on the other side of `master`, asks, and rolls it back where snapshots are in the way: zfs receive does not do
 * that where one of them has the name of one that comes, and an old one never does. The answer is what the increment begins with, in
 * full. A host that was reached and refuses the question gets what stock does.
 *
 * @throws Failure where the other side cannot be read, the two have no common snapshot that a stream can begin with, somebody else needs one that would go, or
 * nobody agrees.
 */
export async function agreeToForce(
  run: Run,
  far: FarSide,
  master: Master,
  yes: boolean,
): Promise<string | undefined> {
  const { settings } = run;
  const { dataset, destination } = master;
  const both = await readBoth(run, master);
  if ('unseen' in both) {
    // A lost connection is no refusal, nor is a listing that is too long.
    if (!both.isReached) throw new Failure(`${both.unseen}, so nothing was changed there`);
    return undefined;
  }
  const base = baseOf(both);
  if (base === undefined)
    throw new Failure(sayObstacle(run, master, both, { obstacle: 'no-common-snapshot' }));
  // The tree's stream can begin with an older one, with which fewer file systems than the top are: the top goes back to its own all the same.
  const begin = base.isBookmark ? base : (basePushed(run, master, both) ?? base);
  const from = baseName({ base: begin }, run, dataset);
  const { back, gone } = settings.recursive
    ? treeLosses(
        { ...both.trees, source: withoutExcluded(both.trees.source, settings.sendFlags) },
        { dataset: destination, base: base.ofCopy },
        settings.tag,
      )
    : { back: [goingBack(both.copy, base.ofCopy)], gone: [] };
  const others = [...back, ...gone].flatMap((one) => neededLines(one, whysByName(settings.tag)));
  const losses = back.map(lossesOf);
  const snapshots = losses.flatMap((one) => one.snapshots);
  const whole = [...goneLines(gone), ...(settings.recursive ? unreadLines(both.unread) : [])];
  const where = `${far.host.name}:${destination}`;
  const there = `@${printable(base.ofCopy.name)}`;
  if (from === undefined)
    throw new Failure(
      `${where} is not rolled back, and nothing was changed: of the newest common snapshot, ${there}, only a bookmark is left here, and zfs send -R cannot begin with one. Without -R it can: ${zrepFor(settings.tag)} sync -f ${dataset}`,
    );
  if (others.length > 0)
    throw new Failure(
      `${where} is not rolled back to ${there}, and nothing was changed, because other streams or people need: ${others.join('; ')}`,
    );
  await confirm(run, {
    heading: `zrep sync -f rolls ${where} back to ${there}, the newest common snapshot. It destroys there:`,
    losses: [...snapshots, ...whole, ...losses.flatMap(({ changes }) => changes)],
    command: `${zrepAgain(settings)} sync -f --yes ${dataset}`,
    agreed: yes,
    unattended: snapshots.length + whole.length === 0,
    toldAnyway: true,
  });
  const target = parseSnapshot(`${destination}@${base.ofCopy.name}`);
  // A name that is several words to a shell is left to zfs receive.
  const isInWay = both.copy.snapshots.some(({ createtxg }) => createtxg > base.ofCopy.createtxg);
  if (isInWay && target !== undefined) {
    const answer = await far.ask(plainRollbackCommand(`${destination}@${base.ofCopy.name}`));
    // Where that is not allowed, zfs receive may do it all the same.
    if (!succeeded(answer)) run.report.far(far.host.name, farLines(answer.message));
  }
  return from;
}

function unreadLines(names: readonly string[]): string[] {
  return names.map(
    (name) =>
      `what is in ${printable(name)} and not in the source; zrep cannot use this name, and has not read it`,
  );
}
