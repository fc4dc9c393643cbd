/** One stream from the far side into a dataset here: what came, or what kept it. */

import type { Base } from '../../pair/common.ts';
import { inOneLine, printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { parseEstimate } from '../../zfs/estimate.ts';
import { parseReceived } from '../../zfs/received.ts';
import { refusedByGate } from '../far/answer.ts';
import {
  estimateCommand,
  refreshpullCommand,
  refreshpullFromCommand,
  sendCommand,
} from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import { busyThere } from '../run/patience.ts';
import type { Run } from '../run/run.ts';
import type { Settings } from '../words/settings.ts';
import type { Destination } from './destination.ts';
import { holdProperties, readHeld } from './hold-properties.ts';
import { type Asked, carriesProperties, type Head, isRaw, packageBase } from './judge-head.ts';
import { describeLost, isLost } from './lost-connection.ts';
import { receiveArgv } from './receive.ts';
import { type RollBack, rollBack } from './roll-back.ts';
import { type TakenIn, takeFrom, takeIn } from './take-in.ts';
import { ownStage, zfsStage } from './transfer.ts';

export interface Pulled {
  readonly done: boolean;
  /** What kept it, for a person; empty when done. */
  readonly why: readonly string[];
  /** The connection was lost, and what had come is kept, to be resumed; or is not kept. */
  readonly lost?: 'resumable' | 'anew';
  /** zfs receive here says that the copy is not as the stream wants it. */
  readonly isRefusedHere: boolean;
  /** What the far side said of it. */
  readonly farSaid: string;
  /** It came in a session: from a gate of ours, which can be told where to begin. */
  readonly isBySession: boolean;
  /** Of that, what was not printed. */
  readonly unsaid: readonly string[];
}

/** Where a source is told to begin. */
export interface From {
  readonly base: Base;
  /** Our gate takes a GUID; a stock far side is sent zfs's own words. */
  readonly isGate: boolean;
}

export interface PullOptions {
  readonly token?: string;
  /** Where the far side is to begin, where it would not by itself. */
  readonly from?: From | undefined;
  readonly back?: RollBack | undefined;
  /** What the gate there says when it refuses is not printed: who asks looks why. */
  readonly asks?: boolean;
  look?(): Promise<void>;
}

/**
 * Pulls `snapshot` of the far side, in its full name, with the resume token where there is one. With `back` the copy is rolled
 * back once the stream has begun. `look` looks at what came, once zfs has taken it all.
 *
 * @throws Failure when what came is not what was asked for.
 */
export async function pull(
  run: Run,
  far: FarSide,
  destination: Destination,
  snapshot: string,
  { token, from, back, asks = false, look }: PullOptions = {},
): Promise<Pulled> {
  const { settings, step } = run;
  const { dataset, receiving, source } = destination;
  const command =
    from === undefined
      ? refreshpullCommand(settings, snapshot, token)
      : fromCommand(settings, snapshot, from, source);
  // Never -F, which destroys without a word whatever is newer, and with -R whatever the source does not have.
  const options = { force: false, verbose: run.tally !== undefined };
  let isToHold = false;
  const receive = (head: Head) => {
    const [raw, properties] = [isRaw(head), carriesProperties(head)];
    isToHold ||= raw || properties;
    return receiveArgv(step.capabilities, dataset, { ...receiving, raw }, { ...options, properties });
  };
  // A token has the last word on what comes.
  const wanted = { source, snapshot: token === undefined ? snapshot : undefined };
  const before = await readHeld(run, destination);
  let held: Promise<void> | undefined;
  const hold = async () => {
    if (!isToHold) return;
    held ??= holdProperties(run, destination, before);
    await held;
  };
  try {
    return await receiveFrom(run, far, command, wanted, receive, dataset, {
      total: () => estimate(run, far, destination, snapshot, from && nameThere(source, from.base)),
      ...(back && { begins: (head: Head) => rollBack(run, destination, back, head) }),
      asks,
      nameOf: (guid) => nameOf(destination, guid),
      // What is looked at is what was put back.
      received: async () => {
        await hold();
        await look?.();
      },
    });
  } finally {
    await hold();
  }
}

/** What the copy calls the snapshot of that GUID. */
function nameOf({ snapshots, newest }: Destination, guid: string): string | undefined {
  return [...snapshots, ...(newest ? [newest] : [])].find((one) => one.guid === guid)?.name;
}

function fromCommand(settings: Settings, snapshot: string, { base, isGate }: From, source: string): string {
  if (isGate) return refreshpullFromCommand(settings, snapshot, base.ofCopy.guid);
  return sendCommand(settings, nameThere(source, base), snapshot);
}

/** What `source` calls a base, in full. */
export function nameThere(source: string, { ofSource, isBookmark }: Base): string {
  return isBookmark ? ofSource.name : `${source}@${ofSource.name}`;
}

/** zfs receive, of a copy that is not as the stream wants it (libzfs_sendrecv.c). */
const REFUSED = /has been modified|does not match incremental source|most recent snapshot/;

/** How many bytes that will be, asked beside the stream and only where somebody looks on; a gate may not say. */
async function estimate(
  { progress, settings }: Run,
  far: FarSide,
  { snapshots, source }: Destination,
  snapshot: string,
  from: string | undefined,
): Promise<number | undefined> {
  const marked = snapshots.findLast(({ sent }) => sent !== undefined);
  const base = from ?? (marked && `${source}@${marked.name}`);
  if (progress === undefined || base === undefined) return undefined;
  try {
    const command = estimateCommand(settings.tag, base, snapshot);
    return parseEstimate((await far.ask(command)).output);
  } catch {
    return undefined;
  }
}

/** What goes on beside a stream. */
interface Beside {
  /** As in {@link PullOptions}. */
  readonly asks?: boolean;
  /** How many bytes it will be, where that can be told. */
  total?(): Promise<number | undefined>;
  /** Is waited for before zfs sees the first stream. */
  begins?(head: Head): Promise<void>;
  /** What the snapshot of that GUID is called here. */
  nameOf?(guid: string): string | undefined;
  /** Once zfs has taken all of it, beside the far side's last words. */
  received?(): Promise<void>;
}

/**
 * Receives what `command` streams of `wanted`, by what `receive` says, words of zfs.
 *
 * @throws Failure when what came is not what was asked for.
 */
export async function receiveFrom(
  run: Run,
  far: FarSide,
  command: string,
  wanted: Pick<Asked, 'source' | 'snapshot'>,
  receive: (head: Head) => readonly string[],
  dataset: string,
  { asks = false, total = async () => undefined, begins, nameOf, received = async () => {} }: Beside = {},
): Promise<Pulled> {
  const { settings, step, report, progress, place, trace, tally } = run;
  const traced = (head: Head) => {
    const argv = receive(head);
    trace.stream(argv);
    return zfsStage([step.zfs.binary, ...argv]);
  };
  const asked = { ...wanted, ...askedFor(settings), excludes: step.capabilities.has('excludes') };
  const watch = (pid: number) =>
    progress ? progress.watch(dataset, pid, total(), place, 'wchar') : () => {};
  let base: string | undefined;
  const begun = async (head: Head) => {
    base = nameOf?.(head.begin.fromguid) ?? packageBase(head);
    await begins?.(head);
  };
  const behind = [traced, asked, step.interruption, { watch, received, begins: begun }] as const;
  let start = 0;
  const attempt = async (): Promise<TakenIn> => {
    start = performance.now();
    const stream = await far.stream(command);
    if (stream === undefined) {
      const sender = ownStage(await far.argvOf(command));
      return takeIn({ sender, writer: far.writer(), filters: settings.inFilter.map(ownStage) }, ...behind);
    }
    if (!('inlet' in stream)) return { sender: stream, filters: [], receivers: [] };
    isBySession = true;
    return takeFrom(stream, ...behind);
  };
  let isBySession = false;
  const ended = await run.patience.until(attempt, busyBefore);
  step.interruption.check();
  const said = farLines(ended.sender.message);
  const unsaid = asks && refusedByGate(ended.sender) !== undefined ? said : [];
  if (unsaid.length === 0) report.far(far.host.name, said);
  if (ended.refused !== undefined) throw notLetIn(ended, far.host.name);
  if (ended.receivers.length > 0 && ended.receivers.every(succeeded)) {
    const bytes = parseReceived(ended.receivers.map(({ output }) => output).join(''));
    tally?.add({ bytes, seconds: (performance.now() - start) / 1000, base });
  }
  const lost = isLost(ended.sender) ? await describeLost(run, far, dataset) : undefined;
  const why = lost ? [lost.what] : complaints(ended, dataset);
  const isRefusedHere = ended.receivers.some((one) => !succeeded(one) && REFUSED.test(one.message));
  return {
    done: why.length === 0,
    why,
    isRefusedHere,
    farSaid: ended.sender.message,
    isBySession,
    unsaid,
    ...(lost && { lost: lost.isResumable ? 'resumable' : 'anew' }),
  };
}

/** Why no stream came at all, where that may pass. */
function busyBefore({ sender, receivers, refused }: TakenIn): string | undefined {
  return receivers.length === 0 && refused === undefined ? busyThere(sender) : undefined;
}

/** Whether streams are such that one can come by a session: nothing between, and nothing but files in them. */
export function comesBySession(settings: Settings): boolean {
  const { recursive, properties, holds } = askedFor(settings);
  return (
    settings.inFilter.length === 0 && settings.outFilter === undefined && !(recursive || properties || holds)
  );
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
    if (!succeeded(filter)) said.push(`a filter of ZREP_INFILTER failed: ${inOneLine(filter.message)}`);
  if (cut) said.push('the stream was cut off');
  const receiver = receivers.at(-1);
  if (receiver === undefined) return said.length > 0 ? said : ['the far side sent nothing'];
  if (!succeeded(receiver)) {
    const message = printable(receiver.message.trim().split('\n')[0] ?? '');
    said.push(message || `zfs receive ended with ${receiver.signal ?? receiver.code}`);
    if (message.includes('partially-complete'))
      said.push(`what an earlier stream left is in the way; to give it up: zfs receive -A ${dataset}`);
  }
  return said;
}
