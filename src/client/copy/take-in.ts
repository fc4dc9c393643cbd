/**
 * A stream from the far side into `zfs receive`, looked at before zfs sees it, and not copied here but for its heads.
 *
 * Whoever writes the stream writes into one pipe. From that the head is read, and judged; then, while the writer stands
 * still, what has followed is taken out, `zfs receive` is started on the same pipe, and all is put back: 64 KiB at most. The
 * writer is ssh where it is certain that it is ssh, and otherwise a `cat` behind it.
 *
 * Of a package without a list (`zfs send -I`) each stream gets a `zfs receive` of its own. So zfs never sees a package that
 * nobody asked for: anywhere inside there could be another, or a stream of another file system (libzfs_sendrecv.c,
 * `zfs_receive_impl`, and `chopprefix` in `zfs_receive_one`).
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { createInlet, type Inlet } from '../../process/inlet.ts';
import type { Interruption } from '../../process/interruption.ts';
import { makePipe } from '../../process/pipe.ts';
import { type Ended, endOf, printedBy, type Stage, startStages, succeeded } from '../../process/pipeline.ts';
import { whileStill } from '../../process/still.ts';
import { ENVIRONMENT } from '../../zfs/run.ts';
import { type Begin, RECORD, readRecord } from '../../zfs/stream-head.ts';
import { unpackXdrNvlist } from '../../zfs/xdr-nvlist.ts';
import type { StreamThere } from '../far/pinned-session.ts';
import { type Asked, describeText, type Head, judgeBegin, judgeHead, judgePart } from './judge-head.ts';

/** What brings the stream. */
export interface Incoming {
  readonly sender: Stage;
  /** The process that writes in the sender's place, where that is certain: ssh's master. */
  readonly writer: number | undefined;
  readonly filters: readonly Stage[];
}

/** What `zfs receive` is called with, for a stream that begins so. */
export type Receive = (head: Head) => Stage;

/** How a `zfs receive` ended, and what it printed. */
interface Receiver extends Ended {
  readonly output: string;
}

interface Received {
  /** Each `zfs receive`, in their order; none where no stream came. */
  readonly receivers: readonly Receiver[];
  /** Why the stream, or what was left of it, was not let in: what it is, or does. */
  readonly refused?: string;
  /** It ended at a place where `zfs receive` was not at work, and so could not tell. */
  readonly cut?: true;
}

export interface TakenIn extends Received {
  readonly sender: Ended;
  readonly filters: readonly Ended[];
}

const RELAY: Stage = { argv: ['cat'], env: ENVIRONMENT, cwd: '/' };

/** What goes on beside. */
export interface Beside {
  /** Is told the number of the process that writes all of it. */
  watch?(pid: number): () => void;
  /** Is waited for before zfs sees the first stream: what makes room for it here. What it throws ends the stream. */
  begins?(head: Head): Promise<void>;
  /** Is done once all is received, while the far side comes to its end. */
  received?(): Promise<void>;
}

/** Takes a stream in to its end; a signal ends it. */
export async function takeIn(
  { sender, writer, filters }: Incoming,
  receive: Receive,
  asked: Asked,
  interruption: Interruption,
  { watch = () => () => {}, begins, received: whenReceived = async () => {} }: Beside = {},
): Promise<TakenIn> {
  interruption.check();
  const children: ChildProcess[] = [];
  const end = (signal: NodeJS.Signals) => {
    for (const child of children) child.kill(signal);
  };
  let stopWatching = () => {};
  const pipe = makePipe();
  const inlet = createInlet(pipe.read);
  const stopListening = interruption.onSignal(() => {
    end('SIGTERM');
    // Until the far side, too, has ended, ssh's master keeps the stream open, and what ssh says.
    if (writer !== undefined) endProcess(writer);
    inlet.abort();
  });
  try {
    const direct = writer !== undefined && filters.length === 0;
    try {
      startStages([sender, ...filters, ...(direct ? [] : [RELAY])], children, pipe.write);
    } finally {
      closeSync(pipe.write);
    }
    const ending = Promise.all(children.map(endOf));
    const writers = [children.at(-1)?.pid, direct ? writer : undefined].filter((pid) => pid !== undefined);
    const writing = writers.at(-1);
    if (writing !== undefined) stopWatching = watch(writing);
    const received = await receiveAll(
      inlet,
      asked,
      passing(inlet, writers, receive, children, interruption, begins),
    );
    // Who still has something to say has nobody to say it to.
    inlet.close();
    if (received.refused !== undefined) end('SIGTERM');
    const [first, ...others] = await withBoth(ending, isWhole(received) ? whenReceived() : undefined);
    return { ...received, sender: first as Ended, filters: others.slice(0, filters.length) };
  } catch (error) {
    end('SIGKILL');
    throw error;
  } finally {
    inlet.close();
    stopListening();
    stopWatching();
  }
}

/**
 * The same for a stream that has begun on the channel of a session: as long as nothing goes
 * wrong, the session goes on behind it. So only of a stream without a list of its own, whose end zfs receive reads exactly.
 */
export async function takeFrom(
  stream: StreamThere,
  receive: Receive,
  asked: Asked,
  interruption: Interruption,
  { watch = () => () => {}, begins, received: whenReceived = async () => {} }: Beside = {},
): Promise<TakenIn> {
  const children: ChildProcess[] = [];
  const stopListening = interruption.onSignal(() => {
    for (const child of children) child.kill('SIGTERM');
    endProcess(stream.writer);
  });
  const stopWatching = watch(stream.writer);
  const writers = [stream.pid, stream.writer].filter((pid) => pid !== undefined);
  let over = false;
  try {
    const { inlet } = stream;
    const received = await receiveAll(
      inlet,
      asked,
      passing(inlet, writers, receive, children, interruption, begins),
    );
    over = true;
    const sender = isWhole(received)
      ? await withBoth(stream.finish(), whenReceived())
      : await stream.giveUp(received.refused === undefined ? undefined : 'SIGTERM');
    return { ...received, sender, filters: [] };
  } finally {
    for (const child of children) if (!over) child.kill('SIGKILL');
    if (!over) await stream.giveUp('SIGKILL');
    stopListening();
    stopWatching();
  }
}

/** True where zfs has taken in all that there was. */
function isWhole({ receivers, refused, cut }: Received): boolean {
  return refused === undefined && !cut && receivers.length > 0 && receivers.every(succeeded);
}

/** What comes of `work`, once `other` is over, too. @throws what either does, then. */
async function withBoth<Result>(work: Promise<Result>, other: Promise<void> | undefined): Promise<Result> {
  const [done, beside] = await Promise.allSettled([work, other]);
  if (done.status === 'rejected') throw done.reason;
  if (beside.status === 'rejected') throw beside.reason;
  return done.value;
}

/** Starts a `zfs receive` for each stream, while `writers` stand still. */
function passing(
  inlet: Inlet,
  writers: readonly number[],
  receive: Receive,
  children: ChildProcess[],
  interruption: Interruption,
  begins: Beside['begins'],
): Pass {
  let first = true;
  return async (head) => {
    if (first) await begins?.(head);
    first = false;
    const { ending } = await whileStill(writers, async () => {
      // Later it would be among the children that a signal ends.
      interruption.check();
      return startOn(inlet, head.bytes, receive(head), children);
    });
    return ending;
  };
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended.
  }
}

interface Taken extends Head {
  /** As they came. */
  readonly bytes: Buffer;
}

/** Hands a stream that was judged to zfs; how that ended. */
type Pass = (head: Taken) => Promise<Receiver>;

/** Thrown where a stream is not to go on, with what it is or does. */
class NotLetIn extends Error {}

class CutOff extends Error {}

async function receiveAll(inlet: Inlet, asked: Asked, pass: Pass): Promise<Received> {
  const receivers: Receiver[] = [];
  try {
    const head = await takeHead(inlet, (begin) => judgeBegin(begin, asked));
    if (head === 'end') throw new NotLetIn('begins with an end');
    if (head === undefined) return { receivers };
    const refused = judgeHead(head, asked);
    if (refused !== undefined) throw new NotLetIn(refused);
    if (!head.begin.package || head.list !== undefined) receivers.push(await pass(head));
    else await receiveParts(inlet, head.begin, pass, receivers);
    return { receivers };
  } catch (error) {
    if (error instanceof CutOff) return { receivers, cut: true };
    if (error instanceof NotLetIn) return { receivers, refused: error.message };
    throw error;
  }
}

/** The streams of a package without a list, one after the other, as long as each ends well. */
async function receiveParts(inlet: Inlet, whole: Begin, pass: Pass, receivers: Receiver[]): Promise<void> {
  const listEnd = await take(inlet, RECORD);
  if (readRecord(listEnd) !== 'end') throw new NotLetIn('goes on where its head should have ended');
  for (;;) {
    const part = await takeHead(inlet, (begin) => judgePart(whole, begin));
    if (part === 'end') return;
    if (part === undefined) throw new CutOff();
    const ended = await pass(part);
    receivers.push(ended);
    if (!succeeded(ended)) return;
  }
}

/** What a stream begins with; 'end' where a package ends, undefined where nothing comes any more. */
async function takeHead(
  inlet: Inlet,
  judge: (begin: Begin) => string | undefined,
): Promise<Taken | 'end' | undefined> {
  const record = await inlet.take(RECORD);
  if (record.length === 0) return undefined;
  // Every stream's first byte is a zero, and no text's.
  if (record.length < RECORD && record[0] === 0) throw new CutOff();
  const begin = readRecord(record);
  if (begin === 'end') return begin;
  const refused = begin === undefined ? describeText(record) : judge(begin);
  if (begin === undefined || refused !== undefined) throw new NotLetIn(refused);
  const payload = await take(inlet, begin.payload);
  const list = begin.package && begin.payload > 0 ? (unpackXdrNvlist(payload) ?? 'broken') : undefined;
  return { begin, list, bytes: Buffer.concat([record, payload]) };
}

async function take(inlet: Inlet, count: number): Promise<Buffer> {
  const bytes = await inlet.take(count);
  if (bytes.length < count) throw new CutOff();
  return bytes;
}

/** Has a `zfs receive` read `head`, and what comes behind it. Nobody else may write. */
async function startOn(
  inlet: Inlet,
  head: Buffer,
  { argv: [file = '', ...words], env, cwd }: Stage,
  children: ChildProcess[],
): Promise<{ ending: Promise<Receiver> }> {
  return inlet.fill(Buffer.concat([head, inlet.drain()]), () => {
    const child = spawn(file, words, { env, cwd, stdio: [inlet.descriptor, 'pipe', 'pipe'] });
    children.push(child);
    const output = printedBy(child);
    return { child, ending: endOf(child).then((ended) => ({ ...ended, output: output() })) };
  });
}
