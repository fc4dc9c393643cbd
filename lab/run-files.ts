/** Runs test files, each as a process of its own, some at a time, and prints what came of each. */

import { type FileReport, printFile, readTap } from './tap-report.ts';

/** One test file, and how it is run. */
export interface FileTest {
  /** As FileReport has it. */
  readonly name: string;
  /** Runs it to its end, or until the signal. Does not reject for how it ended. */
  run(interrupted: AbortSignal): Promise<Ended>;
}

interface Ended {
  /** Undefined where a signal ended it. */
  readonly exitCode?: number | undefined;
  /** TAP. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Does `work` with a signal that SIGINT and its like set off, in place of ending this process; its exit code is 130 then. So what
 * the work has made can be removed.
 */
export async function interruptible<Done>(work: (interrupted: AbortSignal) => Promise<Done>): Promise<Done> {
  const interrupted = new AbortController();
  const interrupt = () => {
    process.exitCode = 130;
    interrupted.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    return await work(interrupted.signal);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

/** Runs them in their order. What runs when it is interrupted is reported as failed, what waits then is left out. */
export async function runFiles(
  tests: readonly FileTest[],
  parallel: number,
  interrupted: AbortSignal,
): Promise<FileReport[]> {
  const waiting = [...tests];
  const reports: FileReport[] = [];
  const work = async () => {
    while (!interrupted.aborted) {
      const test = waiting.shift();
      if (test === undefined) return;
      const report = await runFile(test, interrupted);
      printFile(report);
      reports.push(report);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return reports;
}

async function runFile({ name, run }: FileTest, interrupted: AbortSignal): Promise<FileReport> {
  const began = Date.now();
  const { exitCode, stdout, stderr } = await run(interrupted);
  const { checks, ok: asPlanned } = readTap(stdout);
  const ok = exitCode === 0 && asPlanned;
  // A failed check says enough. Without one, the file's own words have to.
  if (!ok && checks.every((check) => check.ok))
    console.log(`${stdout.slice(-4000)}\n${stderr}\n(exit code ${exitCode}, ${checks.length} checks)`);
  return { name, ok, checks, seconds: (Date.now() - began) / 1000 };
}
