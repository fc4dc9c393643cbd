/**
 * `zrep init SOURCE DESTHOST DESTINATION`: sets a pair up from the side that sends, as stock does, with stock's words on
 * the wire. The other side is whatever answers ssh there: a shell, or a gatekeeper that knows these commands.
 *
 * Otherwise than stock: what fails leaves the other side alone (stock destroys DESTINATION with -r, also one that was
 * there before), and takes back what was set here.
 */

import { lex } from '../../command/lex.ts';
import { printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { mustSucceed } from '../../replication/step.ts';
import { destroyArgv, inheritArgv, readPropertiesArgv, setArgv, snapshotArgv } from '../../zfs/argv.ts';
import { anyValue, localValue, parseListing } from '../../zfs/state.ts';
import { PAIR_PROPERTIES } from '../copy/receive.ts';
import { ownStage, transfer, zfsStage } from '../copy/transfer.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { InitCommand } from '../words/init-words.ts';
import type { Settings } from '../words/settings.ts';
import { parseSourceHost } from '../words/source.ts';

/** Carries `command` out; the answer is the exit code. */
export async function initPush(settings: Settings, command: InitCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    const host = parseSourceHost(command.host, settings.hostName);
    if (host === undefined) throw new Failure(`"${printable(command.host)}" is not the name of a host`);
    await setUp(run, run.far(host), command);
    return 0;
  });
}

async function setUp(run: Run, far: FarSide, { source, host, destination }: InitCommand): Promise<void> {
  const { settings, step, report } = run;
  const { tag, force } = settings;
  if (!force && succeeded(await far.ask(`zfs list ${destination}`)))
    throw new Failure(`${host}:${destination} already exists! Will not overwrite without -f`);
  const own = await refuseConfigured(run, source);

  report.line(`Setting zrep properties on ${source}`);
  const values = [source, settings.hostName, destination, host, String(settings.saveCount)];
  for (const [index, name] of PAIR_PROPERTIES.entries())
    mustSucceed(await step.zfs.ask(setArgv(source, { [`${tag}:${name}`]: values[index] ?? '' })), source);
  const snapshot = `${source}@${tag}_000000`;
  try {
    report.line(`Creating snapshot ${snapshot}`);
    mustSucceed(await step.zfs.ask(snapshotArgv(snapshot, settings.recursive)), source);
    await send(run, far, { source, host, destination }, snapshot);
  } catch (error) {
    await takeBack(run, source, snapshot);
    throw error;
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

/** In stock's words. The answer is whether the file system has a mountpoint of its own, which -p sends along. */
async function refuseConfigured(
  { settings: { tag }, step, report }: Run,
  source: string,
): Promise<{ mountpoint: boolean }> {
  const properties = [`${tag}:dest-fs`, `${tag}:master`, 'mountpoint'];
  const state = await step.zfs.ask(readPropertiesArgv([source], properties));
  const own = parseListing(mustSucceed(state, source).output).get(source);
  if (anyValue(own, `${tag}:dest-fs`) === undefined)
    return { mountpoint: localValue(own, 'mountpoint') !== undefined };
  report.line(`${source} is at least partially configured by zrep`);
  if (localValue(own, `${tag}:master`) === 'yes') throw new Failure(`${tag}:master detected!!`);
  throw new Failure(`To re-initialize, first use zrep clear ${source}`);
}

async function send(
  run: Run,
  far: FarSide,
  { host, destination }: Omit<InitCommand, 'kind'>,
  snapshot: string,
): Promise<void> {
  const { settings, step, report } = run;
  const { recursive, sendFlags, createFlags, initRemoteProperties } = settings;
  // The zfs here stands for the one there, as stock has it.
  const careful = step.capabilities.has('excludes');
  const created = createFlags.length > 0 || !careful;
  if (!careful) report.line('Warning: zfs recv lacking -o readonly');
  if (created) {
    report.line('Creating  destination filesystem as separate step');
    await tell(run, far, ['zfs create', ...createFlags, destination].join(' '));
  }
  report.line(`Sending initial replication stream to ${host}:${destination}`);
  const words = [...(recursive ? ['-R'] : []), ...sendFlags, ...(careful ? ['-p'] : []), snapshot];
  const ended = await transfer(
    {
      sender: zfsStage([step.zfs.binary, 'send', ...words]),
      filters: outgoing(settings).map(ownStage),
      receiver: ownStage(await far.argvOf(receiveCommand(settings, destination, careful))),
    },
    step.interruption,
  );
  step.interruption.check();
  report.far(far.host.name, farLines(ended.receiver.message));
  const failed = [ended.sender, ...ended.filters, ended.receiver].find((one) => !succeeded(one));
  if (failed !== undefined)
    throw new Failure(
      `Error transferring ${snapshot} to ${host}:${destination}. Resetting (${printable(failed.message.trim().split('\n')[0] ?? '')})`,
    );
  if (created) {
    await tell(run, far, `zfs set readonly=on ${destination}`);
    const values = [snapshot.split('@')[0], settings.hostName, destination, host, settings.saveCount];
    for (const [index, name] of PAIR_PROPERTIES.entries())
      await tell(run, far, `zfs set ${settings.tag}:${name}=${values[index]} ${destination}`);
    report.line(`setting readonly on ${host}:${destination} manually`);
    await tell(run, far, `zfs set readonly=on ${destination}`);
  }
  for (const property of initRemoteProperties) await tell(run, far, `zfs set ${property} ${destination}`);
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

/** ZREP_OUTFILTER, which runs here. */
function outgoing({ outFilter }: Settings): string[][] {
  const stages = outFilter === undefined ? [] : lex(outFilter);
  if (isRefusal(stages)) throw new Failure(`ZREP_OUTFILTER: ${stages.reason}`);
  return stages;
}

async function tell({ report }: Run, far: FarSide, command: string): Promise<void> {
  const answer = await far.ask(command);
  report.far(far.host.name, farLines(answer.message));
  if (!succeeded(answer)) throw new Failure(`${far.host.name} did not do this: ${command}`);
}

/** What was set and made here; a failure of this is no news beside the one before it. */
async function takeBack({ settings: { tag }, step }: Run, source: string, snapshot: string): Promise<void> {
  for (const name of PAIR_PROPERTIES) await step.zfs.ask(inheritArgv(source, `${tag}:${name}`));
  await step.zfs.ask(destroyArgv(source, [snapshot.slice(snapshot.indexOf('@') + 1)]));
}
