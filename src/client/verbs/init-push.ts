/**
 * `zrep init SOURCE DESTHOST DESTINATION`: sets a pair up from the side that sends, as stock does, with stock's words on
 * the wire. The other side is whatever answers ssh there: a shell, or a gatekeeper that knows these commands.
 *
 * Otherwise than stock: what fails leaves the other side alone (stock destroys DESTINATION with -r, also one that was
 * there before), and takes back what was set here. With ZREP_RESUME it is left as it is, and the same command goes on.
 */

import { printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { pairProperties } from '../../replication/pair.ts';
import { mustSucceed } from '../../replication/step.ts';
import { destroyArgv, inheritArgv, readPropertiesArgv, setArgv, snapshotArgv } from '../../zfs/argv.ts';
import { formatResumeToken, parseResumeToken } from '../../zfs/resume-token.ts';
import { anyValue, localValue, ownValue, parseListing } from '../../zfs/state.ts';
import { refuseRetired } from '../copies/refuse-retired.ts';
import { PAIR_PROPERTIES } from '../copy/receive.ts';
import type { Transfer } from '../copy/transfer.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { tokenCommand } from '../far/push-commands.ts';
import { reasonOf } from '../far/ssh-failure.ts';
import { checkArrival } from '../push/arrived.ts';
import { refuseBelowCopy } from '../push/master.ts';
import { resumeWords, streamThere } from '../push/send.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { InitCommand } from '../words/init-words.ts';
import type { Settings } from '../words/settings.ts';
import { parseSourceHost } from '../words/source.ts';

/** Carries `command` out; the answer is the exit code. */
export async function initPush(settings: Settings, command: InitCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    await beginPush(run, command);
    return 0;
  });
}

/** The same in a run that is there. @throws Failure. */
export async function beginPush(run: Run, command: InitCommand): Promise<void> {
  const { settings, step, report } = run;
  const there = parseSourceHost(command.host, settings.hostName);
  if (there === undefined) throw new Failure(`"${printable(command.host)}" is not the name of a host`);
  const far = run.far(there);
  const { source, host, destination } = command;
  const { tag, force, resume } = settings;
  const snapshot = `${source}@${tag}_000000`;
  const refuseExisting = async () => {
    if (!force && succeeded(await far.ask(`zfs list ${destination}`)))
      throw new Failure(`${host}:${destination} already exists! Will not overwrite without -f`);
  };
  // In stock's order, but where what is there already may be half of what is to come.
  if (!resume) await refuseExisting();
  const own = await readConfigured(run, command);
  if (own.begun) await goOn(run, far, command, snapshot);
  else {
    if (resume) await refuseExisting();
    await begin(run, far, command, snapshot);
  }
  const sent = String(Math.floor(Date.now() / 1000));
  mustSucceed(await step.zfs.ask(setArgv(snapshot, { [`${tag}:sent`]: sent })), source);
  if (own.mountpoint) {
    report.line('clearing mountpoint value for remote');
    await tell(run, far, `zfs inherit mountpoint ${destination}`);
  }
  // Last: until then no `zrep sync all` takes the pair for one.
  mustSucceed(await step.zfs.ask(setArgv(source, { [`${tag}:master`]: 'yes' })), source);
  report.line(`Initialization copy of ${source} to ${host}:${destination} complete`);
  report.line('Filesystem will not be mounted');
}

async function begin(run: Run, far: FarSide, command: InitCommand, snapshot: string): Promise<void> {
  const { settings, step, report } = run;
  const { source, host, destination } = command;
  report.line(`Setting zrep properties on ${source}`);
  const values = [source, settings.hostName, destination, host, String(settings.saveCount)];
  for (const [index, name] of PAIR_PROPERTIES.entries())
    mustSucceed(
      await step.zfs.ask(setArgv(source, { [`${settings.tag}:${name}`]: values[index] ?? '' })),
      source,
    );
  let isMade = false;
  try {
    report.line(`Creating snapshot ${snapshot}`);
    mustSucceed(await step.zfs.ask(snapshotArgv(snapshot, settings.recursive)), source);
    isMade = true;
    await send(run, far, command, snapshot);
  } catch (error) {
    // What is to be resumed must stay; and a snapshot that was there before is somebody's.
    if (!settings.resume) await takeBack(run, source, isMade ? snapshot : undefined);
    throw error;
  }
}

interface Configured {
  /** It has a mountpoint of its own, which -p sends along. */
  readonly mountpoint: boolean;
  /** An init to the same place was cut off, and is to be gone on with. */
  readonly begun: boolean;
}

/** In stock's words. @throws Failure when the file system belongs to a pair already. */
async function readConfigured(
  { settings: { tag, resume, hostName }, step, report }: Run,
  { source, host, destination }: InitCommand,
): Promise<Configured> {
  const properties = [...pairProperties(tag), `${tag}:master`, `${tag}:retired`, 'mountpoint'];
  const state = await step.zfs.ask(readPropertiesArgv([source], properties));
  const own = parseListing(mustSucceed(state, source).output).get(source);
  refuseRetired(own, source, tag);
  const mountpoint = localValue(own, 'mountpoint') !== undefined;
  refuseBelowCopy(own, source, tag, hostName);
  if (ownValue(own, `${tag}:dest-fs`) === undefined) return { mountpoint, begun: false };
  report.line(`${source} is at least partially configured by zrep`);
  if (localValue(own, `${tag}:master`) === 'yes') throw new Failure(`${tag}:master detected!!`);
  if (!resume) throw new Failure(`To re-initialize, first use ${zrepFor(tag)} clear ${source}`);
  const other = [localValue(own, `${tag}:dest-host`), localValue(own, `${tag}:dest-fs`)].join(':');
  if (other !== `${host}:${destination}`)
    throw new Failure(
      `the init that was begun is one to ${other}. To begin another, first use ${zrepFor(tag)} clear ${source}`,
    );
  return { mountpoint, begun: true };
}

/** ZREP_RESUME: what the other side has of the first stream is not sent again. */
async function goOn(run: Run, far: FarSide, command: InitCommand, snapshot: string): Promise<void> {
  const { settings, report } = run;
  const { source, host, destination } = command;
  const guid = await guidOf(run, source, snapshot);
  const text = (await far.ask(tokenCommand(destination))).output.trim();
  const token = parseResumeToken(text);
  // The token is the other side's word, and zfs send -t would send any snapshot of the pool.
  if (isRefusal(token) || String(token.toguid) !== guid || token.fromguid !== undefined)
    throw new Failure(
      `Partial init of ${source} detected but no resume token found. Suggest you zrep clear and start again: ${zrepFor(settings.tag)} clear ${source}; and on ${host}, if it is there: zfs rename ${destination} ${destination}_old`,
    );
  report.line('Partially complete init detected. Attempting to resume send');
  const words = resumeWords(settings, formatResumeToken(token));
  const ended = await streamThere(run, far, source, words, (own) => resumeCommand(own, destination));
  const what = `resume send of zrep init ${source} failed`;
  finish(ended, what);
  await refuseUnlessThere(run, far, command, snapshot, what);
  await configureThere(run, far, command);
}

async function guidOf({ step }: Run, source: string, snapshot: string): Promise<string | undefined> {
  const state = await step.zfs.ask(readPropertiesArgv([snapshot], ['guid']));
  return anyValue(parseListing(mustSucceed(state, source).output).get(snapshot), 'guid');
}

async function send(run: Run, far: FarSide, command: InitCommand, snapshot: string): Promise<void> {
  const { settings, step, report } = run;
  const { source, host, destination } = command;
  const { recursive, sendFlags, createFlags } = settings;
  // The zfs here stands for the one there, as stock has it.
  const careful = step.capabilities.has('excludes');
  if (!careful) report.line('Warning: zfs recv lacking -o readonly');
  if (createsThere(run)) {
    report.line('Creating  destination filesystem as separate step');
    await tell(run, far, ['zfs create', ...createFlags, destination].join(' '));
  }
  report.line(`Sending initial replication stream to ${host}:${destination}`);
  const words = [...(recursive ? ['-R'] : []), ...sendFlags, ...(careful ? ['-p'] : []), snapshot];
  const receive = (own: Settings) => receiveCommand(own, destination, careful);
  const ended = await streamThere(run, far, source, ['send', ...words], receive);
  const then = settings.resume ? `RESUME set. Not clearing ${source}: the same command goes on` : 'Resetting';
  const what = `Error transferring ${snapshot} to ${host}:${destination}. ${then}`;
  finish(ended, what);
  await refuseUnlessThere(run, far, command, snapshot, what);
  await configureThere(run, far, command);
}

/** @throws Failure where one of the processes failed. */
function finish(ended: Transfer, what: string): void {
  const failed = [ended.sender, ...ended.filters, ended.receiver].find((one) => !succeeded(one));
  if (failed === undefined) return;
  const [first = ''] = failed.message.trim().split('\n');
  throw new Failure(
    `${what} (${(failed === ended.receiver ? reasonOf(failed) : undefined) ?? printable(first)})`,
  );
}

/** Exit codes settle nothing: its GUID does. @throws Failure where the other side does not have it. */
async function refuseUnlessThere(
  run: Run,
  far: FarSide,
  { source, destination }: InitCommand,
  snapshot: string,
  what: string,
): Promise<void> {
  const [name, guid] = [snapshot.slice(source.length + 1), (await guidOf(run, source, snapshot)) ?? ''];
  const doubts = await checkArrival(
    run,
    far,
    { dataset: source, destination },
    { dataset: source, name, guid },
  );
  if (doubts.length > 0) throw new Failure(`${what} (${doubts.join('; ')})`);
}

/** What the stream does not bring. */
async function configureThere(
  run: Run,
  far: FarSide,
  { source, host, destination }: InitCommand,
): Promise<void> {
  const { settings, report } = run;
  if (createsThere(run)) {
    await tell(run, far, `zfs set readonly=on ${destination}`);
    const values = [source, settings.hostName, destination, host, settings.saveCount];
    for (const [index, name] of PAIR_PROPERTIES.entries())
      await tell(run, far, `zfs set ${settings.tag}:${name}=${values[index]} ${destination}`);
    report.line(`setting readonly on ${host}:${destination} manually`);
    await tell(run, far, `zfs set readonly=on ${destination}`);
  }
  for (const property of settings.initRemoteProperties)
    await tell(run, far, `zfs set ${property} ${destination}`);
}

function createsThere({ settings, step }: Run): boolean {
  return settings.createFlags.length > 0 || !step.capabilities.has('excludes');
}

/** Byte for byte stock's, blanks and all; what stands where ZREP_INFILTER is empty is one blank. */
export function receiveCommand(
  { inFilter, resume }: Pick<Settings, 'inFilter' | 'resume'>,
  destination: string,
  careful: boolean,
): string {
  const filters = inFilter.map((argv) => `${argv.join(' ')} |`).join(' ');
  const options = careful ? '-u -o readonly=on' : '';
  return `${filters} zfs recv ${options} ${resume ? '-s' : ''} -F ${destination}`;
}

/**
 * For a stream that goes on. Stock says neither -u nor -s, so that a second cut throws all away that had come before the first.
 */
function resumeCommand({ inFilter }: Pick<Settings, 'inFilter'>, destination: string): string {
  const filters = inFilter.map((argv) => `${argv.join(' ')} |`).join(' ');
  return `${filters} zfs recv -u -s ${destination}`;
}

async function tell({ report }: Run, far: FarSide, command: string): Promise<void> {
  const answer = await far.ask(command);
  report.far(far.host.name, farLines(answer.message));
  if (!succeeded(answer)) throw new Failure(`${far.host.name} did not do this: ${command}`);
}

/** What was set and made here; a failure of this is no news beside the one before it. */
async function takeBack(
  { settings: { tag }, step }: Run,
  source: string,
  snapshot: string | undefined,
): Promise<void> {
  for (const name of PAIR_PROPERTIES) await step.zfs.ask(inheritArgv(source, `${tag}:${name}`));
  if (snapshot === undefined) return;
  await step.zfs.ask(destroyArgv(source, [snapshot.slice(snapshot.indexOf('@') + 1)]));
}
