/**
 * `zrep sync` and `zrep synconly`: push one file system or several, or all that this host is the master of, and expire on both
 * sides. A failure of one holds up no other; stock ends with the first.
 */

import { isRefusal, type Refusal } from '../../refusal.ts';
import { withLock } from '../../replication/lock.ts';
import { lastSent, taggedSnapshots } from '../../replication/snapshots.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readPropertiesArgv, readStateArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { parseListing } from '../../zfs/state.ts';
import { formatTimes } from '../look/dates.ts';
import { courseProperties, readCourse, refuseOther } from '../push/master.ts';
import { Failure } from '../run/failure.ts';
import { type Failed, inRun, listFailed, tellFailed } from '../run/in-run.ts';
import { busyHere } from '../run/patience.ts';
import type { Run } from '../run/run.ts';
import { createTally } from '../run/tally.ts';
import { zrepFor } from '../words/again.ts';
import type { Settings } from '../words/settings.ts';
import type { SyncCommand, SynconlyCommand } from '../words/sync-words.ts';
import { expireBoth } from './expire-both.ts';
import { mastersIn, readAll } from './pairs-here.ts';
import { leftOutProperties, type SourceLeftOut, sourcesLeftOut, tellLeftOut } from './sources-left-out.ts';
import { syncPair, syncReading } from './sync-pair.ts';

/** What date(1) prints by itself. */
const DATE = '%a %b %e %H:%M:%S %Z %Y';

/** Carries `command` out; the answer is the exit code: 0 when all went well, 1 when one did not. */
export async function sync(given: Settings, command: SyncCommand | SynconlyCommand): Promise<number> {
  const changedOnly = given.changedOnly || (command.kind === 'sync' && command.changedOnly);
  return inRun(
    { ...given, changedOnly },
    command.kind === 'sync' && command.json,
    async (run) => {
      // Quiet where there is none, as stock: cron would mail it.
      const { datasets, others } = await choose(run, command);
      const failures: Failed[] = [];
      for (const [index, dataset] of datasets.entries()) {
        const place = datasets.length === 1 ? {} : { place: `${index + 1} of ${datasets.length}` };
        const failed = await syncOne({ ...run, ...place }, command, dataset);
        if (failed !== undefined) failures.push(failed);
      }
      const failed = failures.length;
      if (failed > 0 && datasets.length > 1) listFailed(run.report, failures);
      tellLeftOut(run, others);
      run.report.event('summary', { done: datasets.length - failed, failed });
      if (failed > 0 && datasets.length > 1)
        run.report.warn(`${command.kind}: ${failed} of ${datasets.length} file systems FAILED`);
      return failed === 0 ? 0 : 1;
    },
    given.waitSeconds,
  );
}

interface Chosen {
  readonly datasets: readonly Dataset[];
  /** Of all, sources that this host is not the master of by stock's rule. */
  readonly others: readonly SourceLeftOut[];
}

async function choose(run: Run, command: SyncCommand | SynconlyCommand): Promise<Chosen> {
  if (!command.all) return { datasets: command.datasets, others: [] };
  const { tag, hostName } = run.settings;
  const listing = await readAll(run, leftOutProperties(tag));
  return { datasets: mastersIn(listing, run), others: sourcesLeftOut(listing, tag, hostName) };
}

/** The answer is how it failed, if it did. */
async function syncOne(
  run: Run,
  command: SyncCommand | SynconlyCommand,
  dataset: Dataset,
): Promise<Failed | undefined> {
  const { report } = run;
  const tally = createTally();
  report.event('sync', { dataset });
  try {
    const work = () => syncLocked({ ...run, tally }, command, dataset);
    const refusal = await run.patience.until(work, busyHere(dataset));
    if (isRefusal(refusal)) await refuseBusy(run, command, dataset, refusal);
    else {
      report.event('synced', { dataset, ...tally.facts() });
      report.news(tally.line(dataset));
    }
    return undefined;
  } catch (error) {
    return tellFailed(report, error, dataset);
  }
}

async function syncLocked(
  run: Run,
  { kind, yes }: SyncCommand | SynconlyCommand,
  dataset: Dataset,
): Promise<Refusal | undefined> {
  const { settings, step, report } = run;
  await lookFirst(run, dataset);
  return withLock(step, dataset, settings.tag, syncReading(run), async (listing) => {
    await syncPair(run, listing, dataset, { newest: kind === 'synconly', yes });
    if (kind === 'sync') report.line(`Expiring zrep snaps on ${dataset}`);
    // What was sent was sent: the other side's expiring has its own line, and the next sync has it try again.
    if (!settings.skipExpire) await expireBoth(run, dataset, false);
    return undefined;
  });
}

/** Whoever names the wrong file system is told so, whoever has its lock. */
async function lookFirst(run: Run, dataset: Dataset): Promise<void> {
  const { tag, hostName } = run.settings;
  const state = await run.step.zfs.ask(readPropertiesArgv([dataset], courseProperties(tag)));
  if (state.message.includes('does not exist'))
    throw new Failure(
      `${dataset} does not exist here. What this host is the master of: ${zrepFor(tag)} list -L`,
    );
  const listing = parseListing(mustSucceed(state, dataset).output);
  refuseOther(listing, dataset, tag, hostName);
  readCourse(listing, dataset, tag, hostName);
}

/** With -q a busy one is passed over, as long as its last sync is not too long ago. @throws Failure in stock's words. */
async function refuseBusy(
  run: Run,
  command: SyncCommand | SynconlyCommand,
  dataset: Dataset,
  { refused, reason }: Refusal,
): Promise<void> {
  const { settings, step, report } = run;
  const busy = refused === 'lock-busy' ? 'another zrep is at work on it' : reason;
  if (command.kind === 'synconly') throw new Failure(`Failed to acquire zrep lock for ${dataset} (${busy})`);
  const { quietSeconds } = command;
  if (quietSeconds === undefined || refused !== 'lock-busy')
    throw new Failure(`Cannot lock ${dataset}. Cannot continue (${busy})`);
  const state = await step.zfs.ask(readStateArgv(dataset, syncReading(run).properties, 1));
  const listing = parseListing(mustSucceed(state, dataset).output);
  const snapshots = taggedSnapshots(listing, dataset, settings.tag);
  const sent = Number(lastSent(snapshots, listing.get(dataset), settings.tag)?.sent ?? 0);
  if (sent === 0) throw new Failure(`quiet mode set, but no last snap for ${dataset}`);
  if (Date.now() / 1000 - sent > quietSeconds)
    throw new Failure(`quiet time limit of ${quietSeconds} seconds exceeded for busy fs ${dataset}`);
  const now = Math.floor(Date.now() / 1000);
  report.line(`Quiet mode: skipping busy fs ${dataset} at ${formatTimes(DATE, [now]).get(now)}`);
}
