/**
 * What `--fix` does, under the lock of the file system. Before each act everything is read again, and judged again: what is
 * done is what is wrong by then. What gives something up was agreed to before, and has to be just that by now, too.
 */

import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { withGlobalLock } from '../../replication/global-lock.ts';
import { withLock } from '../../replication/lock.ts';
import { ZfsFailed } from '../../replication/step.ts';
import type { Dataset } from '../../zfs/names.ts';
import { markSent } from '../copy/marks.ts';
import { confirm } from '../run/confirm.ts';
import { Failure, failureOf } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { diagnose } from './diagnose.ts';
import type { Act, Finding } from './finding.ts';
import { lookAgain, lookAtPair } from './look.ts';
import type { Scene, There, World } from './scene.ts';

/** Told of each thing that was mended. */
export type Tell = (mended: Finding) => void;

export const idOf = ({ code, where, what }: Finding): string => `${code} ${where} ${what}`;

/** Mends what of `found` can be mended from here. @throws Failure where the lock is not to be had, or an act failed. */
export async function fixPair(
  run: Run,
  world: World,
  dataset: Dataset,
  found: readonly Finding[],
  there: There | undefined,
  tell: Tell,
): Promise<void> {
  const agreed = await agreedTo(run, dataset, found);
  const may = (one: Finding) =>
    one.mend.acts.length > 0 && (one.mend.by === 'safe' || run.settings.force || isAgreed(one, agreed));
  if (!found.some(may)) return;
  const refusal = await withLock(
    run.step,
    dataset,
    run.settings.tag,
    { properties: [], depth: 0 },
    async () => {
      // To take the lock was to break a stale one.
      for (const one of found) if (one.mend.acts.some(({ kind }) => kind === 'lock')) tell(one);
      await underLock(run, world, dataset, may, there, tell);
      return undefined;
    },
  );
  if (isRefusal(refusal)) throw failureOf(refusal);
}

async function underLock(
  run: Run,
  world: World,
  dataset: Dataset,
  may: (one: Finding) => boolean,
  there: There | undefined,
  tell: Tell,
): Promise<void> {
  const tried = new Set<string>();
  for (let known = there; ; ) {
    run.step.interruption.check();
    const scene = await lookAtPair(run, await lookAgain(run, world, dataset), dataset, known);
    const next = diagnose(scene).find((one) => may(one) && !tried.has(idOf(one)));
    if (next === undefined) return;
    tried.add(idOf(next));
    // Somebody who was asked has seen them.
    if (run.settings.force) sayLosses(run, next);
    for (const act of next.mend.acts) await perform(run, scene, act);
    tell(next);
    // What was done there is to be seen there.
    known = next.mend.acts.some(({ kind }) => kind === 'complete') ? undefined : scene.there;
  }
}

/** Findings that somebody said yes to, each with what it gives up. */
type Agreed = ReadonlyMap<string, readonly string[]>;

/** To that very finding, and to all that it gives up by now: what was made meanwhile nobody has seen. Pure. */
export function isAgreed(one: Finding, agreed: Agreed): boolean {
  const known = agreed.get(idOf(one))?.map(nameIn);
  return known !== undefined && one.mend.losses.every((loss) => known.includes(nameIn(loss)));
}

/** Of a line that tells of a loss, what is lost, without times and sizes. */
function nameIn(loss: string): string {
  return loss.replace(/(?:, made |: ).*/, '');
}

/** What somebody at a terminal says yes to, of that which gives something up. With -f nobody is asked. */
async function agreedTo(run: Run, dataset: Dataset, found: readonly Finding[]): Promise<Agreed> {
  const agreed = new Map<string, readonly string[]>();
  const { tag, force } = run.settings;
  for (const one of force ? [] : found.filter(({ mend }) => mend.by === 'force')) {
    try {
      await confirm(run, {
        heading: `${one.where}: ${one.what}. ${one.mend.what} ${one.mend.lines.join('; ')}. This would be given up:`,
        losses: one.mend.losses,
        command: `zrep ${tag === 'zrep' ? '' : `-t ${tag} `}doctor --fix -f ${dataset}`,
      });
      agreed.set(idOf(one), one.mend.losses);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      run.report.warn(`${one.where}: ${one.code}: ${error.message}`);
    }
  }
  return agreed;
}

function sayLosses({ report }: Run, { where, code, mend }: Finding): void {
  if (mend.losses.length === 0) return;
  report.warn(`${where}: ${code}: this is given up:`);
  for (const loss of mend.losses) report.warn(`  ${loss}`);
}

async function perform(run: Run, { dataset, peer }: Scene, act: Act): Promise<void> {
  if (act.kind === 'zfs') {
    const ended = await run.step.zfs.ask(act.argv);
    if (!succeeded(ended)) throw new ZfsFailed(ended, dataset);
  } else if (act.kind === 'complete' && peer !== undefined) {
    const pair = { source: peer.dataset, dataset };
    await markSent(run, run.far(peer.host), pair, act.snapshot, act.sent);
  }
}

/** Whoever takes the global lock breaks a stale one. */
export async function fixGlobalLock({ step }: Run, found: readonly Finding[], tell: Tell): Promise<void> {
  const stale = found.find(({ mend }) => mend.acts.some(({ kind }) => kind === 'global-lock'));
  if (stale === undefined) return;
  const refusal = await withGlobalLock(step, async () => undefined);
  if (isRefusal(refusal)) throw failureOf(refusal);
  tell(stale);
}
