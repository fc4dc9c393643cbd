/** One stream from a file system here to the other side, judged by both ends of the pipe: stock asks the receiving one alone. */

import { lex } from '../../command/lex.ts';
import { inOneLine, printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { isBookmark } from '../../replication/base.ts';
import { saysNoRoom } from '../../replication/step.ts';
import { dryRunArgv } from '../../zfs/argv.ts';
import { parseEstimate } from '../../zfs/estimate.ts';
import { saysCannotResume } from '../../zfs/resume-token.ts';
import { ownStage, type Transfer, transfer, zfsStage } from '../copy/transfer.ts';
import { NO_CONNECTION } from '../far/answer.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { receiveIncrementCommand } from '../far/push-commands.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { Moved } from '../run/tally.ts';
import { zrepAgain } from '../words/again.ts';
import type { Settings } from '../words/settings.ts';
import type { Course } from './master.ts';
import { sayPartial } from './partial-there.ts';

/** The words of `zfs send` for the increment from `base`, a snapshot or a bookmark, to `snapshot`, in full names; stock's, in stock's order. */
export function incrementWords(
  { recursive, sendFlags, incrementFlag }: Pick<Settings, 'recursive' | 'sendFlags' | 'incrementFlag'>,
  base: string,
  snapshot: string,
): string[] {
  // From a bookmark zfs sends no snapshots in between.
  const through = isBookmark(base) ? '-i' : incrementFlag;
  return ['send', ...(recursive ? ['-R'] : []), ...sendFlags, through, base, snapshot];
}

/** The same for a stream that was cut off. */
export function resumeWords({ resumeFlags }: Pick<Settings, 'resumeFlags'>, token: string): string[] {
  return ['send', ...resumeFlags, '-t', token];
}

/** How a stream ended. */
export interface Sent {
  /** What kept it, for a person; nothing where both ends of the pipe ended well. */
  readonly why: readonly string[];
  /** What the words of zfs receive there can mean, for where nobody sees both sides. */
  readonly guess: readonly string[];
  /** zfs receive refused it for what the copy is like. */
  readonly isRefused: boolean;
  /** What both sides have may be the reason: no connection broke, there was room, and nothing half received is in the way. */
  readonly isToJudge: boolean;
  /** What was moved, for the tally; the caller counts it when the other side is seen to have it. */
  readonly moved: Moved;
}

/** Sends what `words` of zfs send, an increment from `base`: a snapshot behind the @, or a bookmark as `#NAME`. */
export async function send(
  run: Run,
  far: FarSide,
  course: Course,
  words: readonly string[],
  base: string | undefined,
): Promise<Sent> {
  const start = performance.now();
  const receive = (settings: Settings) => receiveIncrementCommand(settings, course.destination);
  const ended = await streamThere(run, far, course.dataset, words, receive);
  const seconds = (performance.now() - start) / 1000;
  // zfs-fuse's daemon writes in the place of zfs send.
  const bytes = run.step.capabilities.has('stalls') ? ended.written : undefined;
  return { ...complaints(ended, course, far, zrepAgain(run.settings)), moved: { bytes, seconds, base } };
}

/** Streams what `words` of zfs send say of `dataset` into the command that `receive` makes of the settings; how all of it ended. */
export async function streamThere(
  run: Run,
  far: FarSide,
  dataset: string,
  words: readonly string[],
  receive: (settings: Settings) => string,
): Promise<Transfer> {
  const { step, report, progress, place, trace } = run;
  // A filter in front of a pipe to ourselves would be taken off again at once.
  const settings = far.host.here ? { ...run.settings, inFilter: [], outFilter: undefined } : run.settings;
  const total = estimate(run, words);
  trace.stream(words);
  const ended = await transfer(
    {
      sender: zfsStage([step.zfs.binary, ...words]),
      filters: outgoing(settings).map(ownStage),
      receiver: ownStage(await far.argvOf(receive(settings))),
    },
    step.interruption,
    (_receiver, sender) => (progress ? progress.watch(dataset, sender, total, place, 'wchar') : () => {}),
  );
  step.interruption.check();
  report.far(far.host.name, farLines(ended.receiver.message));
  return ended;
}

/** ZREP_OUTFILTER, which runs here. */
function outgoing({ outFilter }: Settings): string[][] {
  const stages = outFilter === undefined ? [] : lex(outFilter);
  if (isRefusal(stages)) throw new Failure(`ZREP_OUTFILTER: ${stages.reason}`);
  return stages;
}

/** How many bytes that will be, where somebody looks on. */
async function estimate({ step, progress }: Run, words: readonly string[]): Promise<number | undefined> {
  if (progress === undefined || !step.capabilities.has('estimates')) return undefined;
  return parseEstimate((await step.zfs.ask(dryRunArgv(words))).output);
}

/** A sentence for everything that did not end well. The receiving end's own words have been shown already. */
function complaints(
  { sender, filters, receiver }: Transfer,
  { dataset, destination }: Course,
  { host }: FarSide,
  zrep: string,
): Omit<Sent, 'moved'> {
  const said: string[] = [];
  const guess: string[] = [];
  const isLost = receiver.code === NO_CONNECTION;
  const other = dead(receiver.message, sayPartial(zrep, dataset));
  const isRefused = REFUSED.test(receiver.message);
  if (!succeeded(receiver)) {
    said.push(
      isLost
        ? `the connection to ${host.name} broke`
        : `${host.name} ended with ${receiver.signal ?? receiver.code}`,
      ...other,
    );
    if (isRefused) guess.push(guessOf(receiver.message, { dataset, destination, host: host.name, zrep }));
  }
  for (const filter of filters)
    if (!succeeded(filter)) said.push(`a filter of ZREP_OUTFILTER failed: ${inOneLine(filter.message)}`);
  // Where the other end went away first, it was told so, and has nothing to add.
  if (
    !succeeded(sender) &&
    (succeeded(receiver) || !BROKEN_PIPE.test(sender.message)) &&
    sender.signal !== 'SIGPIPE'
  )
    said.push(
      `zfs send: ${printable(sender.message.trim().split('\n')[0] ?? '') || sender.signal || sender.code}`,
    );
  const isToJudge = !isLost && receiver.signal === null && other.length === 0;
  return { why: said, guess, isRefused, isToJudge: isToJudge && !saysNoRoom(receiver.message) };
}

const BROKEN_PIPE = /Broken pipe|signal received/;

/** How zfs receive says that the copy is not as the stream needs it (cmd/zfs, libzfs_sendrecv.c); its words do not say why. */
const REFUSED =
  /has been modified|does not match incremental source|most recent snapshot|destination already exists/;

function guessOf(
  message: string,
  {
    dataset,
    destination,
    host,
    zrep,
  }: {
    readonly dataset: string;
    readonly destination: string;
    readonly host: string;
    readonly zrep: string;
  },
): string {
  const there = `${host}:${destination}`;
  return message.includes('has been modified')
    ? `${there} was changed there since the last sync. To give those changes up: ${zrep} sync -f ${dataset}; and so that it does not happen again, on ${host}: zfs set readonly=on ${destination}`
    : `the two sides have no common snapshot to go on from. Where newer ones stand in the way there: ${zrep} sync ${dataset}@SNAPSHOT rolls it back to one that both have`;
}

/** Dead ends of zfs receive that have nothing to do with snapshots, and what mends them. */
function dead(message: string, partial: string): string[] {
  if (message.includes("invalid option 's'"))
    return ['the zfs there cannot receive a resumable stream (-s): leave out -r, and unset ZREP_RESUME'];
  // For who resumes: this is what tells that it cannot be.
  if (saysCannotResume(message)) return [printable(message.trim().split('\n')[0] ?? '')];
  if (message.includes('partially-complete')) return [partial];
  return [];
}
