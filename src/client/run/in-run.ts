/** The frame of a run: what it needs is made, what it held is let go of, and how it ended is told. */

import { constants } from 'node:os';
import { didYouMean } from '../../did-you-mean.ts';
import { inOneLine } from '../../printable.ts';
import { Interrupted, type Interruption, listenForInterruption } from '../../process/interruption.ts';
import { saySystemRefusal } from '../../process/system-refusal.ts';
import { NoRoomForLock } from '../../replication/lock.ts';
import { type Step, ZfsFailed } from '../../replication/step.ts';
import { fileSystemsArgv } from '../../zfs/argv.ts';
import { installedCapabilities } from '../../zfs/capabilities.ts';
import { createZfs, ENVIRONMENT } from '../../zfs/run.ts';
import { Unreadable } from '../../zfs/state.ts';
import { saySkew } from '../far/clock.ts';
import { createFarSide, type FarSide } from '../far/far-side.ts';
import { createSsh, type Ssh } from '../far/ssh.ts';
import { zrepFor } from '../words/again.ts';
import type { Settings } from '../words/settings.ts';
import type { SourceHost } from '../words/source.ts';
import { Failure } from './failure.ts';
import { createPatience, patientFar } from './patience.ts';
import { createProgress } from './progress.ts';
import { createReport, type Report } from './report.ts';
import type { Run } from './run.ts';
import { createTrace } from './trace.ts';

/** Does `work` in a run of its own, and lets go of all that it held; what cannot be done is told, and is 1. What is busy is waited for, for so many seconds. */
export async function inRun(
  settings: Settings,
  json: boolean,
  work: (run: Run) => Promise<number>,
  seconds = 0,
): Promise<number> {
  const interruption = listenForInterruption();
  const ssh = createSsh(settings.ssh);
  const farSides = new Map<string, FarSide>();
  const run = createRun(settings, json, interruption, ssh, farSides, seconds);
  try {
    return await work(run);
  } catch (error) {
    const code = tell(run.report, error);
    await hint(run, error);
    return code;
  } finally {
    for (const far of farSides.values()) {
      await far.close();
      const said = saySkew(far.host.name, far.skew());
      if (said !== undefined) run.report.warn(said);
    }
    await ssh.close();
  }
}

function createRun(
  settings: Settings,
  json: boolean,
  interruption: Interruption,
  ssh: Ssh,
  farSides: Map<string, FarSide>,
  seconds: number,
): Run {
  const terminal = isTerminal();
  const report = createReport(json, terminal);
  const capabilities = installedCapabilities();
  const progress = createProgress(report, {
    json,
    terminal,
    counts: capabilities.has('stalls'),
  });
  const trace = createTrace(report, settings);
  const patience = createPatience(seconds, interruption, report);
  const step: Step = {
    zfs: trace.zfs(createZfs(settings.zfs, interruption, zfsEnvironment(process.env['TZ']))),
    capabilities,
    interruption,
    rundir: settings.rundir,
    hostName: settings.hostName,
    client: 'zrep',
  };
  const programs = { zrep: [process.execPath, process.argv[1] ?? ''], zfs: [settings.zfs] };
  const far = (host: SourceHost) => {
    const made = () => patientFar(trace.far(createFarSide(host, ssh, programs, interruption)), patience);
    const known = farSides.get(host.name) ?? made();
    farSides.set(host.name, known);
    return known;
  };
  return { settings, step, report, progress, patience, trace, far };
}

/** In stock's form; the answer is the exit code. @throws what is our own error. */
export function tell(report: Report, error: unknown, dataset?: string): number {
  if (error instanceof Interrupted) {
    report.warn(`interrupted by ${error.signal}`);
    return 128 + constants.signals[error.signal];
  }
  const reason = reasonOf(error, dataset);
  if (reason === undefined) throw error;
  report.warn(`Error: ${reason}`);
  return 1;
}

/** The file system that may have been meant by one that is not there. */
export async function hint({ step, report }: Pick<Run, 'step' | 'report'>, error: unknown): Promise<void> {
  const dataset = unknownIn(error);
  if (dataset === undefined) return;
  const output = await step.zfs.ask(fileSystemsArgv()).then(
    (answer) => answer.output,
    () => '',
  );
  const meant = didYouMean(dataset, output.split('\n'));
  if (meant !== undefined) report.warn(`Did you mean ${meant}?`);
}

function unknownIn(error: unknown): string | undefined {
  if (error instanceof Failure) return error.unknown;
  const isMissing =
    error instanceof ZfsFailed && error.ended.message.includes(`'${error.dataset}': dataset does not exist`);
  return isMissing ? error.dataset : undefined;
}

/** One of several that failed. */
export interface Failed {
  readonly dataset: string;
  readonly why: string;
}

/** One of several that failed: printed, and the others go on. @throws what is no failure of this one alone. */
export function tellFailed(report: Report, error: unknown, dataset: string): Failed {
  if (error instanceof Interrupted) throw error;
  tell(report, error, dataset);
  report.event('failed', { dataset, reason: error instanceof Error ? error.message : String(error) });
  return { dataset, why: reasonOf(error, dataset) ?? String(error) };
}

/** In a sentence; undefined for what is our own error. */
function reasonOf(error: unknown, dataset?: string): string | undefined {
  if (error instanceof Failure || error instanceof Unreadable) return error.message;
  if (error instanceof NoRoomForLock) return sayNoRoom(error);
  return error instanceof ZfsFailed ? sayZfs(error, dataset) : saySystemRefusal(error);
}

/** Of several, each that failed, in a line: what was printed of it may stand far above. */
export function listFailed(report: Report, failed: readonly Failed[]): void {
  for (const { dataset, why } of failed) report.warn(`FAILED ${dataset}: ${why}`);
}

/** What makes room needs no lock on the file system. */
function sayNoRoom({ ended, dataset, tag }: NoRoomForLock): string {
  return `the pool of ${dataset} has no room for a lock (${inOneLine(ended.message)}). To destroy snapshots beyond the save count: ${zrepFor(tag)} expire -L ${dataset}`;
}

function sayZfs({ ended, dataset }: ZfsFailed, asked = dataset): string {
  if (ended.message.includes(`'${asked}': dataset does not exist`))
    return `${asked} does not exist; to set a pair up: zrep init --pull HOST:SOURCE ${asked}`;
  return `zfs failed for ${dataset}: ${inOneLine(ended.message) || `it ended with ${ended.signal ?? ended.code}`}`;
}

/** A terminal of no width, as some programs make them, shows no line that could change. */
function isTerminal(): boolean {
  return process.stderr.isTTY === true && process.stderr.columns > 0;
}

/** Where zfs tells times to people, it is in the person's own zone. */
function zfsEnvironment(zone: string | undefined): Readonly<Record<string, string>> {
  return zone === undefined ? ENVIRONMENT : { ...ENVIRONMENT, TZ: zone };
}
