/**
 * How far a stream has come: told by the kernel of the process that takes it in, or makes it (`rchar`, `wchar` in proc(5)),
 * never by looking at the stream. On a terminal a line that changes, with --json an event a second, under cron nothing.
 */

import { readFileSync } from 'node:fs';
import { sayBytes } from '../../expire/amounts.ts';
import type { Report } from './report.ts';
import type { Spinner } from './spinner.ts';

/** Milliseconds between two looks. */
const LOOK = 1000;

/** Of proc(5)'s io: what a process has read and written, also by the kernel on its behalf. */
type Counter = 'rchar' | 'wchar';

export interface Progress {
  /**
   * Tells of what process `pid` reads of the stream into `dataset` from now on, or writes (`wchar`) of the one out of it: `total`
   * is how many bytes that will be, `place` which of how many it is. The answer ends it.
   */
  watch(
    dataset: string,
    pid: number,
    total: Promise<number | undefined>,
    place?: string,
    counter?: Counter,
  ): () => void;
  /** Does `work`, which writes to the terminal, where the line that changes is not. */
  aside(work: () => void): void;
}

/** Whom to tell, and what can be known. */
interface Audience {
  readonly json: boolean;
  readonly terminal: boolean;
  /** `zfs receive` reads its stream itself; zfs-fuse's daemon does it in its place, unseen. */
  readonly counts: boolean;
}

interface Stream {
  readonly dataset: string;
  /** For a person: with its place, where there are several. */
  readonly label: string;
  expected: number | undefined;
  over: boolean;
}

/** The streams that one process moves, one after the other or at once: ssh's one connection carries several. */
interface Mover {
  readonly counter: Counter;
  readonly before: number;
  readonly began: number;
  readonly streams: Stream[];
}

/** For the run of `report`; undefined where nobody wants to know. */
export function createProgress(report: Report, { json, terminal, counts }: Audience): Progress | undefined {
  if (!json && !terminal) return undefined;
  const movers = new Map<number, Mover>();
  let spinner: Spinner | undefined;
  let timer: NodeJS.Timeout | undefined;

  const look = () => {
    const news = [...movers].flatMap(([pid, mover]) => {
      const now = counts ? bytesMoved(pid, mover.counter) : undefined;
      const text = now === undefined ? labels(mover) : tellOf(mover, now - mover.before);
      return text === '' ? [] : [text];
    });
    spinner?.say(news.join('; '));
  };
  const tellOf = (mover: Mover, bytes: number) => {
    const names = current(mover).map(({ dataset }) => dataset);
    const which = names.length === 1 ? { dataset: names[0] as string } : { datasets: names.join(' ') };
    const expected = sum(mover.streams.map((stream) => stream.expected));
    report.event('progress', { ...which, bytes, ...(expected === undefined ? {} : { expected }) });
    const seconds = (Date.now() - mover.began) / 1000;
    return `${labels(mover)}: ${describeProgress(bytes, seconds, expected)}`;
  };
  const begin = () => {
    timer ??= setInterval(look, LOOK);
    if (json || spinner !== undefined) return;
    // Loaded where there is a person to look at it.
    import('./spinner.ts').then(
      ({ startSpinner }) => {
        if (movers.size > 0) spinner ??= startSpinner([...movers.values()].map(labels).join('; '));
      },
      // An upgrade has removed this version's files. The stream does not need it.
      () => undefined,
    );
  };
  const end = () => {
    clearInterval(timer);
    spinner?.stop();
    [timer, spinner] = [undefined, undefined];
  };
  return {
    watch(dataset, pid, total, place, counter = 'rchar') {
      const label = place === undefined ? dataset : `${dataset} (${place})`;
      const stream: Stream = { dataset, label, expected: undefined, over: false };
      total.then((bytes) => {
        stream.expected = bytes;
      });
      const mover = movers.get(pid) ?? {
        counter,
        before: bytesMoved(pid, counter) ?? 0,
        began: Date.now(),
        streams: [],
      };
      mover.streams.push(stream);
      movers.set(pid, mover);
      begin();
      return () => {
        stream.over = true;
        if (current(mover).length === 0) movers.delete(pid);
        if (movers.size === 0) end();
      };
    },
    aside(work) {
      spinner?.clear();
      work();
    },
  };
}

function current({ streams }: Mover): Stream[] {
  return streams.filter(({ over }) => !over);
}

function labels(mover: Mover): string {
  return current(mover)
    .map(({ label }) => label)
    .join(', ');
}

/** Undefined as soon as one is not known. */
function sum(numbers: readonly (number | undefined)[]): number | undefined {
  return numbers.reduce((all, one) => (all === undefined || one === undefined ? undefined : all + one), 0);
}

/** `12.0 MiB of 1.0 GiB, 4.0 MiB/s, 4:13 left`; what is not known is left out. Pure. */
export function describeProgress(bytes: number, seconds: number, expected: number | undefined): string {
  const rate = seconds > 0 ? bytes / seconds : 0;
  const parts = [expected === undefined ? sayBytes(bytes) : `${sayBytes(bytes)} of ${sayBytes(expected)}`];
  if (rate > 0) parts.push(`${sayBytes(rate)}/s`);
  if (rate > 0 && expected !== undefined && expected > bytes)
    parts.push(`${time((expected - bytes) / rate)} left`);
  return parts.join(', ');
}

function time(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** Undefined when it has ended. */
function bytesMoved(pid: number, counter: Counter): number | undefined {
  try {
    const found = new RegExp(`^${counter}: (\\d+)$`, 'm').exec(
      readFileSync(`/proc/${pid}/io`, 'latin1'),
    )?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}
