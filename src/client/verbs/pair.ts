/**
 * `zrep pair HOST:SOURCE DESTINATION`: from a fileserver that does not know this host to a first copy, with one line to paste there.
 *
 * Nothing is changed on the fileserver by this but what `zrep init --pull` changes, once the line was pasted.
 */

import { spawn } from 'node:child_process';
import type { Interruption } from '../../process/interruption.ts';
import { endOf } from '../../process/pipeline.ts';
import { openTerminal } from '../../process/terminal.ts';
import { acquaintLine } from '../far/ssh-failure.ts';
import { grantLine } from '../pairing/grant-line.ts';
import { knock } from '../pairing/knock.ts';
import { ownKey } from '../pairing/own-key.ts';
import { askSsh } from '../pairing/ssh-setup.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import { sleep } from '../run/patience.ts';
import { createReport, type Report } from '../run/report.ts';
import type { Run } from '../run/run.ts';
import { checkPlace } from '../set-up/checks.ts';
import { SetUpAlready } from '../set-up/init-plan.ts';
import { zrepAgain } from '../words/again.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import type { PairCommand } from '../words/pair-words.ts';
import type { Settings } from '../words/settings.ts';
import { parseSourceHost } from '../words/source.ts';
import { initPullIn } from './init-pull.ts';
import { refresh } from './refresh.ts';

/** Exit code where the line has to be pasted first. */
const TO_PASTE = 3;

/**
 * Seconds between two tries. sshd holds five against an address for each failed login, and refuses it from fifteen on
 * (sshd_config(5), PerSourcePenalties).
 */
const PAUSE = 6;

/** Carries `command` out; the answer is the exit code. */
export async function pair(settings: Settings, command: PairCommand): Promise<number> {
  const begun = await inRun(settings, false, (run) => begin(run, command));
  if (begun !== 0) return begun;
  const { destination, host, source } = command;
  const ended = await refresh(settings, {
    kind: 'refresh',
    datasets: [destination],
    all: false,
    json: false,
    jobs: 1,
    yes: false,
  });
  if (ended !== 0) return ended;
  createReport(false).line(
    `${destination} is a copy of ${host}:${source} now. Run this every hour, from cron or a timer: ${zrepAgain(settings)} refresh ${destination}`,
  );
  return 0;
}

async function begin(run: Run, command: PairCommand): Promise<number> {
  const { settings, report } = run;
  const host = parseSourceHost(command.host, settings.hostName);
  if (host === undefined) throw new Failure(`"${command.host}" is not the name of a host`);
  if (host.here)
    throw new Failure(
      `${command.host} is this host. To copy from here to here: ${zrepAgain(settings)} init ${command.source} localhost ${command.destination}`,
    );
  const init: InitPullCommand = {
    ...{ ...command, kind: 'init-pull' },
    ...{ dryRun: false, ignoreRoom: false, anew: false, undo: false },
  };
  await checkPlace(run, init);
  const setup = await askSsh(run, command.host);
  const key = await ownKey(run, setup);
  const line = grantLine(settings, command.source, key, setup.user);
  if (!(await getIn(run, command, line))) return TO_PASTE;
  try {
    return await initPullIn(run, init);
  } catch (error) {
    if (!(error instanceof SetUpAlready)) throw error;
    report.line(`${command.destination} is the copy of ${command.host}:${command.source} already`);
    return 0;
  }
}

/** True once the fileserver answers; false where nobody is at a terminal to paste the line. */
async function getIn(run: Run, { host, source, destination }: PairCommand, line: string): Promise<boolean> {
  const { settings, report, step } = run;
  const isAttended = hasTerminal();
  const again = `${zrepAgain(settings)} pair ${host}:${source} ${destination}`;
  const place = host.replace(/^.*@/, '');
  const lacking = {
    key: `${place} does not accept this host's key yet`,
    grant: `${place} does not grant ${source} to this host yet, or there is no ${source}`,
  };
  let said: string | undefined;
  for (let isAsked = false; ; ) {
    const found = await knock(run, host, source);
    step.interruption.check();
    if (found.kind === 'open') return true;
    if (found.kind === 'failed') throw new Failure(`${host}: ${found.why}`);
    if (found.kind === 'no gate') throw noGate(report, found.why, host, line, again);
    if (found.kind === 'stranger') {
      if (!isAttended || isAsked) throw new Failure(`${host}: ${found.why}`);
      isAsked = true;
      await letSshAsk(settings, host, step.interruption);
      continue;
    }
    if (said === undefined) {
      report.line(`Paste this on ${place}, as root:\n\n    ${line}\n`);
      report.warn(`${lacking[found.lacks]} (${found.why})`);
      if (!isAttended) {
        report.warn(`Then run this again: ${again}`);
        return false;
      }
      report.warn(`Waiting; trying every ${PAUSE} seconds. Ctrl-C stops it; to continue later: ${again}`);
    } else if (said !== found.lacks) report.warn(`${lacking[found.lacks]}; waiting`);
    said = found.lacks;
    await sleep(PAUSE * 1000, step.interruption);
  }
}

function hasTerminal(): boolean {
  const terminal = openTerminal();
  terminal?.close();
  return terminal !== undefined;
}

/** A shell answers, or a stock zrep: more is to be done there than to paste a line. */
function noGate(report: Report, why: string, host: string, line: string, again: string): Failure {
  const place = host.replace(/^.*@/, '');
  report.warn(
    `${host} lets this host in, but not by zrep-gate: this key has a shell there, or a stock zrep answers, or a zrep-gate that is too old (${why}).`,
  );
  report.line(`Install zrep-gate on ${place}, then paste this there, as root:\n\n    ${line}\n`);
  report.warn('It names the line that lets this key in without zrep-gate, and the command that closes it.');
  return new Failure(
    `there is no zrep-gate on ${place} for this key; when there is, run this again: ${again}`,
  );
}

/** What ssh is to do beside asking: nothing. */
const ASKING_ONLY = [
  'BatchMode=no',
  'PreferredAuthentications=none',
  'ForwardAgent=no',
  'ClearAllForwardings=yes',
].flatMap((option) => ['-o', option]);

/** Has ssh itself show the fingerprint, and ask. It logs in by nothing. */
async function letSshAsk(settings: Settings, host: string, interruption: Interruption): Promise<void> {
  const [file = '', ...words] = acquaintLine([...settings.ssh, ...ASKING_ONLY], host);
  // It asks on /dev/tty. A server that lets everybody in gets no input, and what it prints is seen by nobody.
  const child = spawn(file, words, { stdio: 'ignore' });
  const stopListening = interruption.onSignal(() => child.kill('SIGTERM'));
  await endOf(child);
  stopListening();
  interruption.check();
}
