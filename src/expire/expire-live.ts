/**
 * Expiring on this machine. First everything is read and decided, and only then anything destroyed: what makes no sense
 * anywhere, such as a clock behind a snapshot, keeps everything everywhere.
 *
 * Each dataset from which something goes is read and decided once more under zrep's lock, that of the pair that it
 * belongs to, for each tag that loses a snapshot.
 */

import { inOneLine, printable } from '../printable.ts';
import { isRefusal, type Refusal } from '../refusal.ts';
import { destroyEach } from '../replication/destroy.ts';
import { withLock } from '../replication/lock.ts';
import { evenWithoutRoom, type Place } from '../replication/no-room.ts';
import { ZfsFailed } from '../replication/step.ts';
import { type ListedDataset, parseListedDataset, parseTag } from '../zfs/names.ts';
import { Unreadable } from '../zfs/state.ts';
import { count } from './amounts.ts';
import { decideAll, fromTheFuture, type Verdict } from './decide.ts';
import { pairRoot } from './from-zfs.ts';
import { refusePlan } from './last-check.ts';
import { clock, type Facts, type LiveRun, type Plan } from './live-run.ts';
import { fileSystems, readFacts } from './read-zfs.ts';
import { fullName, hasTag, type Snapshot } from './snapshot.ts';
import { verdictTable } from './verdict-lines.ts';

/** A clock that is only so far behind a snapshot is waited for: hosts differ by that much. Seconds. */
const PATIENCE = 10;

/** Expires `datasets`, or every file system; the answer is the exit code. */
export async function expireLive(run: LiveRun, datasets: readonly string[] | 'all'): Promise<number> {
  const { plans, failed } = await planAll(run, datasets);
  const wrong = await wrongClock(run, plans);
  if (wrong !== undefined) {
    run.report.warn(sayWrongClock(wrong));
    return 1;
  }
  let code = failed ? 1 : 0;
  for (const plan of plans) {
    if (!(await carryOut(run, plan))) code = 1;
  }
  return code;
}

/** What would be done, over all of them; `failed` where one could not be read, which is then told. */
export async function planAll(
  run: LiveRun,
  datasets: readonly string[] | 'all',
): Promise<{ readonly plans: readonly Plan[]; readonly failed: boolean }> {
  const facts: Facts[] = [];
  let failed = false;
  for (const dataset of datasets === 'all' ? await fileSystems(run.step) : datasets) {
    run.step.interruption.check();
    try {
      facts.push(await readFacts(run, dataset));
    } catch (error) {
      if (!(error instanceof ZfsFailed || error instanceof Unreadable)) throw error;
      failed = true;
      const why = error instanceof ZfsFailed ? sayZfs(error) : error.message;
      run.report.warn(`Error: ${printable(dataset)} cannot be read: ${why}`);
    }
  }
  // Behind the reading, which takes its time: what was made meanwhile is not from the future.
  const verdicts = decideAll(facts, { ...run.question, now: clock(run) });
  return { plans: facts.map((one, index) => ({ ...one, verdicts: verdicts[index] ?? [] })), failed };
}

/** The snapshot that is newer than now; undefined where there is none, or only by a few seconds that have gone by meanwhile. */
async function wrongClock(run: LiveRun, plans: readonly Plan[]): Promise<Snapshot | undefined> {
  const snapshots = plans.flatMap((plan) => plan.snapshots);
  const wrong = fromTheFuture(snapshots, clock(run));
  const ahead = (wrong?.creation ?? 0) - clock(run);
  if (wrong === undefined || run.now !== undefined || !(ahead <= PATIENCE)) return wrong;
  await new Promise((resolve) => setTimeout(resolve, ahead * 1000));
  return fromTheFuture(snapshots, clock(run));
}

export function sayWrongClock(newest: Snapshot): string {
  return `Error: the clock looks wrong, so nothing is destroyed: ${printable(fullName(newest))} is newer than now. Set the clock (timedatectl); if it is the snapshot's date that is wrong, destroy that by hand, or name file systems without it`;
}

/** True when all that was to go is gone. */
async function carryOut(run: LiveRun, plan: Plan): Promise<boolean> {
  const { reading, verdicts } = plan;
  if (verdicts.every(({ action }) => action === 'keep')) {
    if (run.debug) tell(run, plan, verdicts);
    return true;
  }
  const dataset = parseListedDataset(reading.dataset);
  if (dataset === undefined) {
    run.report.warn(
      `Error: ${printable(reading.dataset)}: zrep-expire cannot lock a name like this, so nothing is destroyed there`,
    );
    return false;
  }
  try {
    const [locks, work] = [locksFor(plan), () => destroyAgain(run, dataset)];
    const done = await evenWithoutRoom(run.step, locks, () => underLocks(run, locks, work), work);
    if (!isRefusal(done)) return done;
    run.report.warn(`Error: nothing is destroyed on ${dataset}: ${done.reason}`);
  } catch (error) {
    if (!(error instanceof ZfsFailed)) throw error;
    run.report.warn(`Error: expiring ${dataset} failed: ${sayZfs(error)}`);
  }
  return false;
}

/** The locks of all pairs that lose a snapshot. */
function locksFor({ reading, verdicts }: Plan): Place[] {
  const going = verdicts.filter(({ action }) => action === 'destroy').map(({ snapshot }) => snapshot.name);
  return [...reading.tags].sort().flatMap((text) => {
    const [tag, root] = [parseTag(text), parseListedDataset(pairRoot(reading, text))];
    if (tag === undefined || root === undefined || !going.some((name) => hasTag(name, text))) return [];
    return [{ root, tag }];
  });
}

async function underLocks<Result>(
  run: LiveRun,
  [first, ...more]: readonly Place[],
  work: () => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  if (first === undefined) return work();
  return withLock(run.step, first.root, first.tag, { properties: [], depth: 0 }, () =>
    underLocks(run, more, work),
  );
}

/** Decides once more, now that nobody else is at it, and destroys. True when all that was to go is gone. */
async function destroyAgain(run: LiveRun, dataset: ListedDataset): Promise<boolean> {
  const { plans, failed } = await planAll(run, [dataset]);
  const [plan] = plans;
  if (plan === undefined || failed) return false;
  // Between the first look and this one the clock may have been set back.
  const wrong = fromTheFuture(plan.snapshots, clock(run));
  const problem = wrong === undefined ? refusePlan(plan.verdicts) : `${fullName(wrong)} is newer than now`;
  if (problem !== undefined) {
    run.report.warn(`Error: nothing is destroyed on ${dataset}: ${problem}`);
    return false;
  }
  const going = plan.verdicts.filter(({ action }) => action === 'destroy');
  const left = await destroyEach(
    run.step,
    going.map(({ snapshot }) => snapshot),
  );
  const names = new Set(left.map(({ snapshot }) => snapshot));
  for (const { snapshot, ended } of left)
    run.report.warn(
      `Error expiring ${printable(snapshot)}, status was ${ended.code ?? ended.signal}: ${inOneLine(ended.message)}`,
    );
  const told = run.debug ? plan.verdicts : run.verbose ? going : [];
  const done = told.filter(({ snapshot }) => !names.has(fullName(snapshot)));
  if (done.length > 0) tell(run, plan, done);
  return left.length === 0;
}

function tell({ report, now }: LiveRun, { reading, schedule }: Plan, verdicts: readonly Verdict[]): void {
  const gone = verdicts.filter(({ action }) => action === 'destroy').length;
  report.line(`${printable(reading.dataset)}: ${count(gone, 'snapshot')} destroyed`);
  for (const line of verdictTable(verdicts, schedule, clock({ now }))) report.line(line);
}

export function sayZfs({ ended }: ZfsFailed): string {
  return inOneLine(ended.message) || `zfs ended with ${ended.signal ?? ended.code}`;
}
