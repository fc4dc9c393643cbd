/** Expiring on both sides, from the master's: here what is beyond the save count, then `zrep expire` there. */

import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { expireLocked, expireReading } from '../../replication/expire.ts';
import type { Reading } from '../../replication/lock.ts';
import { mustSucceed, ZfsFailed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import type { Dataset } from '../../zfs/names.ts';
import { type Listing, parseListing } from '../../zfs/state.ts';
import { farLines } from '../far/far-text.ts';
import { expireThereCommand, masterCommand } from '../far/push-commands.ts';
import { type Course, courseProperties, readCourse } from '../push/master.ts';
import { Failure, failureOf } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { NO_LIMITS } from './no-limits.ts';

/** Everything below, since stock's expire takes it along (zfs destroy -r), and so do those that call it. */
const REACH = { spared: [] };

/** What `expireBoth` needs to be read with the lock. */
export function expireBothReading({ settings: { tag } }: Run): Reading {
  const { properties, depth } = expireReading(tag, REACH);
  return { properties: [...new Set([...properties, ...courseProperties(tag)])], depth };
}

/**
 * Expires the master `dataset`, whose lock is held, and unless `local` its copy; false when the other side did not do it.
 * What cannot be destroyed here keeps nobody from expiring there. `read` is what `expireBothReading` has brought, if it has.
 *
 * @throws Failure, ZfsFailed when it could not be done here; Failure where the other side is a master, too.
 */
export async function expireBoth(
  run: Run,
  dataset: Dataset,
  local: boolean,
  read?: Listing,
): Promise<boolean> {
  const { settings, step } = run;
  const listing = read ?? (await readNow(run, dataset));
  const operation = { kind: 'expire', dataset, tag: settings.tag } as const;
  let failed: ZfsFailed | undefined;
  try {
    const done = await expireLocked(step, operation, REACH, NO_LIMITS, listing);
    if (isRefusal(done)) throw failureOf(done);
  } catch (error) {
    if (!(error instanceof ZfsFailed)) throw error;
    failed = error;
  }
  const there =
    local || (await expireThere(run, readCourse(listing, dataset, settings.tag, settings.hostName)));
  if (failed) throw failed;
  return there;
}

async function readNow(run: Run, dataset: Dataset): Promise<Listing> {
  const { properties, depth } = expireBothReading(run);
  const state = await run.step.zfs.ask(readStateArgv(dataset, properties, depth));
  return parseListing(mustSucceed(state, dataset).output);
}

async function expireThere(run: Run, { host, destination }: Course): Promise<boolean> {
  const { settings, report } = run;
  const far = run.far(host);
  report.line(`Also running expire on ${host.name}:${destination} now...`);
  try {
    const master = await far.ask(masterCommand(settings.tag, destination));
    if (master.output.trim() === 'yes') throw splitBrain(run, host.name);
    const answer = await far.ask(expireThereCommand(settings, destination));
    for (const line of farLines(answer.output)) report.line(line);
    report.far(host.name, farLines(answer.message));
    // A zrep that does not know the verb prints how it is used, and ends with 0.
    if (succeeded(answer) && answer.output.includes('Expiring zrep snaps on ')) return true;
  } catch (error) {
    if (!(error instanceof Failure) || error instanceof SplitBrain) throw error;
    report.warn(error.message);
  }
  report.line('REMOTE expire failed');
  return false;
}

class SplitBrain extends Failure {}

function splitBrain({ report }: Run, host: string): SplitBrain {
  report.warn(`ERROR: Remote side ${host} also marked as master.`);
  return new SplitBrain('ERROR: Split brain scenario detected');
}
