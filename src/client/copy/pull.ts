/** One stream from the far side into a dataset here: what came, or what kept it. */

import { printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { parseEstimate } from '../../zfs/estimate.ts';
import { estimateCommand, refreshpullCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { Settings } from '../words/settings.ts';
import type { Destination } from './destination.ts';
import { holdProperties, readHeld } from './hold-properties.ts';
import type { Asked } from './judge-head.ts';
import { receiveArgv } from './receive.ts';
import { type TakenIn, takeIn } from './take-in.ts';
import { ownStage, zfsStage } from './transfer.ts';

export interface Pulled {
  readonly done: boolean;
  /** What kept it, for a person; empty when done. */
  readonly why: readonly string[];
  /** What the far side said of it. */
  readonly farSaid: string;
}

/**
 * Pulls `snapshot` of the far side, in its full name, with the resume token where there is one.
 *
 * @throws Failure when what came is not what was asked for.
 */
export async function pull(
  run: Run,
  far: FarSide,
  destination: Destination,
  snapshot: string,
  token?: string,
): Promise<Pulled> {
  const { settings, step } = run;
  const { dataset, receiving, source } = destination;
  const command = refreshpullCommand(settings, snapshot, token);
  const receive = (raw: boolean) =>
    receiveArgv(
      step.capabilities,
      dataset,
      { ...receiving, raw },
      {
        // Without -R what stands in the way was given up before: -F would let a recursive stream destroy snapshots here.
        force: settings.force && settings.recursive,
      },
    );
  // A token has the last word on what comes.
  const wanted = { source, snapshot: token === undefined ? snapshot : undefined };
  const held = await readHeld(run, destination);
  try {
    const total = estimate(run, far, destination, snapshot);
    return await receiveFrom(run, far, command, wanted, receive, dataset, total);
  } finally {
    await holdProperties(run, destination, held);
  }
}

/** How many bytes that will be, asked beside the stream and only where somebody looks on; a gate may not say. */
async function estimate(
  { progress, settings }: Run,
  far: FarSide,
  { snapshots, source }: Destination,
  snapshot: string,
): Promise<number | undefined> {
  const base = snapshots.findLast(({ sent }) => sent !== undefined);
  if (progress === undefined || base === undefined) return undefined;
  try {
    const command = estimateCommand(settings.tag, `${source}@${base.name}`, snapshot);
    return parseEstimate((await far.ask(command)).output);
  } catch {
    return undefined;
  }
}

/**
 * Receives what `command` streams of `wanted`, by what `receive` says, words of zfs.
 *
 * @throws Failure when what came is not what was asked for.
 */
export async function receiveFrom(
  { settings, step, report, progress, place, trace }: Run,
  far: FarSide,
  command: string,
  wanted: Pick<Asked, 'source' | 'snapshot'>,
  receive: (raw: boolean) => readonly string[],
  dataset: string,
  total: Promise<number | undefined> = Promise.resolve(undefined),
): Promise<Pulled> {
  const incoming = {
    sender: ownStage(await far.argvOf(command)),
    writer: far.writer(),
    filters: settings.inFilter.map(ownStage),
  };
  const ended = await takeIn(
    incoming,
    (raw) => {
      trace.stream(receive(raw));
      return zfsStage([step.zfs.binary, ...receive(raw)]);
    },
    { ...wanted, ...askedFor(settings), excludes: step.capabilities.has('excludes') },
    step.interruption,
    (pid) => (progress ? progress.watch(dataset, pid, total, place, 'wchar') : () => {}),
  );
  step.interruption.check();
  report.far(far.host.name, farLines(ended.sender.message));
  if (ended.refused !== undefined) throw notLetIn(ended, far.host.name);
  const why = complaints(ended, dataset);
  return { done: why.length === 0, why, farSaid: ended.sender.message };
}

/** What a person has said that streams may bring beyond files. */
function askedFor({ recursive, sendFlags }: Settings): Pick<Asked, 'recursive' | 'properties' | 'holds'> {
  const has = (letter: string, name: string) =>
    sendFlags.some((word) => word === name || new RegExp(`^-[A-Za-z]*${letter}`).test(word));
  return { recursive, properties: recursive || has('p', '--props'), holds: has('h', '--holds') };
}

function notLetIn({ refused, receivers }: TakenIn, host: string): Failure {
  const taken = receivers.length === 0 ? 'was not taken' : 'was taken in part';
  return new Failure(`the stream from ${host} ${taken}: it ${refused}`);
}

/** A sentence for everything that did not end well; where the sender failed, zfs's "failed to read" says nothing more. */
function complaints({ sender, filters, receivers, cut }: TakenIn, dataset: string): string[] {
  const said: string[] = [];
  if (!succeeded(sender)) said.push(`the far side ended with ${sender.signal ?? sender.code}`);
  for (const filter of filters)
    if (!succeeded(filter))
      said.push(`a filter of ZREP_INFILTER failed: ${printable(filter.message.trim())}`);
  if (cut) said.push('the stream was cut off');
  const receiver = receivers.at(-1);
  if (receiver === undefined) return said.length > 0 ? said : ['the far side sent nothing'];
  if (!succeeded(receiver)) {
    const message = printable(receiver.message.trim().split('\n')[0] ?? '');
    said.push(
      message || `zfs receive ended with ${receiver.signal ?? receiver.code}`,
      ...mending(message, dataset),
    );
  }
  return said;
}

/** What mends the dead ends of zfs receive, by its messages (cmd/zfs, libzfs_sendrecv.c). */
function mending(message: string, dataset: string): string[] {
  if (message.includes('has been modified'))
    return [
      `${dataset} was changed here since the last refresh. To give those changes up: zrep refresh -f ${dataset}; and so that it does not happen again: zfs set readonly=on ${dataset}`,
    ];
  if (/does not match incremental source|most recent snapshot/.test(message))
    return [
      `the two sides have no common snapshot to go on from. If newer snapshots stand in the way here: zrep refresh -f ${dataset}; otherwise set the pair up anew with zrep init --pull`,
    ];
  if (message.includes('partially-complete'))
    return [`what an earlier stream left is in the way; to give it up: zfs receive -A ${dataset}`];
  return [];
}
