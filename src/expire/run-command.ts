/** One call of zrep-expire, from its command to its exit code: what files say is read, and handed to what does the work. */

import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { constants } from 'node:os';
import { Failure } from '../client/run/failure.ts';
import type { Report } from '../client/run/report.ts';
import { applyDefaults, readDefaultFile } from '../client/words/default-file.ts';
import { readSettings } from '../client/words/settings.ts';
import { ownershipProblems } from '../policy/ownership.ts';
import { printable } from '../printable.ts';
import { Interrupted, listenForInterruption } from '../process/interruption.ts';
import { saySystemRefusal } from '../process/system-refusal.ts';
import { ZfsFailed } from '../replication/step.ts';
import { installedCapabilities } from '../zfs/capabilities.ts';
import { parseListedSnapshot } from '../zfs/names.ts';
import { createZfs } from '../zfs/run.ts';
import { Unreadable } from '../zfs/state.ts';
import type { ExpireCommand } from './command.ts';
import { expireLive, sayZfs } from './expire-live.ts';
import type { LiveRun } from './live-run.ts';
import { check, foresee } from './look.ts';
import { explainLive, preview } from './preview.ts';
import { DEFAULT_CONFIGURATION, type Mistake, readConfiguration } from './read-config.ts';
import { namedIn } from './read-zfs.ts';
import type { Configuration } from './schedule.ts';
import { simulate } from './simulate.ts';

/** Carries `command` out; the answer is the exit code. @throws UsageError when it cannot be understood. */
export async function runCommand(report: Report, command: ExpireCommand): Promise<number> {
  try {
    return await carryOut(report, command);
  } catch (error) {
    if (error instanceof Interrupted) {
      report.warn(`interrupted by ${error.signal}`);
      return 128 + constants.signals[error.signal];
    }
    if (error instanceof Failure || error instanceof Unreadable)
      for (const line of error.message.split('\n')) report.warn(`Error: ${line}`);
    else if (error instanceof ZfsFailed) report.warn(`Error: ${sayZfs(error)}`);
    else {
      const refusal = saySystemRefusal(error);
      if (refusal === undefined) throw error;
      report.warn(`Error: ${refusal}`);
    }
    return 1;
  }
}

async function carryOut(report: Report, command: ExpireCommand): Promise<number> {
  const { task, datasets, tags, keep, zrepIgnore, thinUnsent } = command;
  const configuration = loadConfiguration(command);
  const question = { tags, keep, zrepIgnore, thinUnsent };
  const now = command.now ?? Math.floor(Date.now() / 1000);
  if (task.kind === 'check') {
    report.print(check(configuration, datasets));
    return 0;
  }
  if (task.kind === 'forecast') {
    const width = process.stdout.columns || 80;
    const { span, every } = task;
    report.print(foresee(configuration, datasets, { now, span, every, keep, width }));
    return 0;
  }
  if (task.kind === 'simulate') {
    const json = command.json || process.stdout.isTTY !== true;
    const { file, explain } = task;
    const simulated = simulate(report, readText(file, 'the listing').text, {
      ...{ configuration, explain, json },
      question: { ...question, now },
    });
    if (typeof simulated === 'number') return simulated;
    throw new Failure(sayMistakes(file, simulated));
  }
  const run = createRun(report, command, configuration);
  if (task.kind === 'explain') {
    const { dataset = '', name = '' } = parseListedSnapshot(task.snapshot) ?? {};
    return explainLive(run, dataset, name);
  }
  const named = datasets.length > 0 || command.all ? datasets : await namedIn(run);
  const chosen = command.all ? 'all' : named;
  if (chosen.length === 0)
    report.warn('zrep-expire: no file system was named, so nothing is done: name some, or write -a for all');
  return task.kind === 'preview' ? preview(run, chosen, command.json) : expireLive(run, chosen);
}

function createRun(report: Report, command: ExpireCommand, configuration: Configuration): LiveRun {
  const { tags, keep, zrepIgnore, thinUnsent, verbose, debug, now } = command;
  const text = readDefaultFile() ?? '';
  const { variables, warnings } = applyDefaults(text, process.env);
  // Of all that zrep is told by, only this matters here; and only then does a line that is not understood.
  if (/ZREP_(?:RUNDIR|ZFS)/.test(text)) for (const warning of warnings) report.warn(warning);
  const { ZREP_RUNDIR, ZREP_ZFS } = variables;
  const { settings } = readSettings({ ZREP_RUNDIR, ZREP_ZFS, ZREP_SRC_HOST: 'localhost' }, {});
  const interruption = listenForInterruption();
  const step = {
    ...{ zfs: createZfs(settings.zfs, interruption), capabilities: installedCapabilities(), interruption },
    ...{ rundir: settings.rundir, hostName: settings.hostName, client: 'zrep-expire' },
  };
  return {
    ...{ step, report, configuration, now, verbose, debug },
    question: { tags, keep, zrepIgnore, thinUnsent },
  };
}

/** @throws Failure when it cannot be read, or has a mistake; or when others could have written what root is to destroy by. */
function loadConfiguration({ config, task }: ExpireCommand): Configuration {
  if (config === undefined) return DEFAULT_CONFIGURATION;
  const { text, found } = readText(config, 'the configuration');
  const destroys = task.kind === 'expire' && process.geteuid?.() === 0 && found.isFile();
  const [untrusted] = destroys ? ownershipProblems(config, found) : [];
  if (untrusted !== undefined)
    throw new Failure(
      `${printable(untrusted.problem)}, so root does not destroy by it; run: ${printable(untrusted.remedy)}`,
    );
  const read = readConfiguration(text);
  if ('sections' in read) return read;
  throw new Failure(`${sayMistakes(config, read)}\nNothing is destroyed until that is mended`);
}

function sayMistakes(file: string, mistakes: readonly Mistake[]): string {
  const lines = mistakes.map(({ line, problem }) => {
    return `${printable(file)}${line === 0 ? '' : `, line ${line}`}: ${problem}`;
  });
  return lines.join('\n');
}

/** `-` is standard input. What is said of the file is said of the very one that was read. */
function readText(path: string, what: string): { readonly text: string; readonly found: Stats } {
  let descriptor: number | undefined;
  try {
    descriptor = path === '-' ? 0 : openSync(path, 'r');
    return { text: readFileSync(descriptor, 'utf8'), found: fstatSync(descriptor) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure(`${what} ${printable(path)} cannot be read (${code}), so nothing is done`);
  } finally {
    if (descriptor !== undefined && descriptor !== 0) closeSync(descriptor);
  }
}
