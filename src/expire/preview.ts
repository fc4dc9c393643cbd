/** `-n` and `--explain`: what a run would do on this machine, and nothing is done. */

import { printable } from '../printable.ts';
import { succeeded } from '../process/pipeline.ts';
import { ZfsFailed } from '../replication/step.ts';
import { destroyDryRunArgv } from '../zfs/argv.ts';
import { fromTheFuture } from './decide.ts';
import { planAll, sayWrongClock, sayZfs } from './expire-live.ts';
import { explainVerdict } from './explain.ts';
import { usedBy } from './from-zfs.ts';
import { clock, type LiveRun, type Plan } from './live-run.ts';
import { previewTitle, type Reclaim, verdictAsJson, verdictTable } from './verdict-lines.ts';

/** Names in one argument, as in replication/destroy.ts: Linux takes 128 KiB. */
const LARGEST = 500;

/** Says what would go, why, and what comes free; the answer is the exit code. */
export async function preview(
  run: LiveRun,
  datasets: readonly string[] | 'all',
  json: boolean,
): Promise<number> {
  const { plans, failed } = await planAll(run, datasets);
  for (const plan of plans) {
    const { verdicts, schedule, reading } = plan;
    if (verdicts.length === 0 && datasets === 'all') continue;
    if (json) {
      for (const verdict of verdicts) run.report.print(`${verdictAsJson(verdict, schedule)}\n`);
      continue;
    }
    run.report.line(printable(previewTitle(reading.dataset, verdicts, await reclaimOf(run, plan))));
    for (const line of verdictTable(verdicts, schedule, clock(run))) run.report.line(line);
  }
  const wrong = fromTheFuture(
    plans.flatMap(({ snapshots }) => snapshots),
    clock(run),
  );
  if (wrong !== undefined) run.report.warn(sayWrongClock(wrong));
  return failed || wrong !== undefined ? 1 : 0;
}

/** Says of one snapshot what becomes of it; the answer is the exit code. */
export async function explainLive(run: LiveRun, dataset: string, name: string): Promise<number> {
  try {
    const { plans } = await planAll(run, [dataset]);
    const [plan] = plans;
    const verdict = plan?.verdicts.find(({ snapshot }) => snapshot.name === name);
    if (plan === undefined) return 1;
    if (verdict === undefined) {
      run.report.warn(
        `Error: there is no snapshot ${printable(`${dataset}@${name}`)}; what there is: zrep-expire -n ${printable(dataset)}`,
      );
      return 1;
    }
    const facts = { now: clock(run), pattern: plan.pattern, question: run.question };
    run.report.print(explainVerdict(plan.verdicts, verdict, plan.schedule, facts));
    return 0;
  } catch (error) {
    if (!(error instanceof ZfsFailed)) throw error;
    run.report.warn(`Error: ${sayZfs(error)}`);
    return 1;
  }
}

/** What zfs says; where it cannot, or there are more than it takes at once, a number that it is not less than. */
async function reclaimOf({ step }: LiveRun, { reading, verdicts }: Plan): Promise<Reclaim | undefined> {
  const going = verdicts.filter(({ action }) => action === 'destroy').map(({ snapshot }) => snapshot);
  if (going.length === 0) return undefined;
  if (step.capabilities.has('batches') && going.length <= LARGEST) {
    const argv = destroyDryRunArgv(
      reading.dataset,
      going.map(({ name }) => name),
    );
    const asked = await step.zfs.ask(argv);
    const bytes = /^reclaim\t(\d+)$/m.exec(asked.output)?.[1];
    if (succeeded(asked) && bytes !== undefined) return { bytes: Number(bytes), atLeast: false };
  }
  return { bytes: usedBy(reading, going), atLeast: true };
}
