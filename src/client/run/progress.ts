/**
 * How far a stream has come: told by the kernel of the process that takes it in, or makes it (`rchar`, `wchar` in proc(5)),
 * never by looking at the stream. On a terminal a line that changes, with --json an event a second, under cron nothing.
 */

import { readFileSync } from 'node:fs';
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
}

/** Whom to tell, and what can be known. */
interface Audience {
  readonly json: boolean;
  readonly terminal: boolean;
  /** `zfs receive` reads its stream itself; zfs-fuse's daemon does it in its place, unseen. */
  readonly counts: boolean;
}

/** For the run of `report`; undefined where nobody wants to know. */
export function createProgress(report: Report, { json, terminal, counts }: Audience): Progress | undefined {
  if (!json && !terminal) return undefined;
  return {
    watch(dataset, pid, total, place, counter = 'rchar') {
      const label = place === undefined ? dataset : `${dataset} (${place})`;
      const began = Date.now();
      const before = bytesMoved(pid, counter) ?? 0;
      let expected: number | undefined;
      let spinner: Spinner | undefined;
      let over = false;
      total.then((bytes) => {
        expected = bytes;
      });
      if (!json)
        // Loaded where there is a person to look at it.
        import('./spinner.ts').then(({ startSpinner }) => {
          if (!over) spinner = startSpinner(label);
        });
      const timer = setInterval(() => {
        const now = counts ? bytesMoved(pid, counter) : undefined;
        if (now === undefined) return;
        const bytes = now - before;
        const seconds = (Date.now() - began) / 1000;
        report.event('progress', { dataset, bytes, ...(expected === undefined ? {} : { expected }) });
        spinner?.say(`${label}: ${describeProgress(bytes, seconds, expected)}`);
      }, LOOK);
      return () => {
        over = true;
        clearInterval(timer);
        spinner?.stop();
      };
    },
  };
}

/** `12.0 MiB of 1.0 GiB, 4.0 MiB/s, 4:13 left`; what is not known is left out. Pure. */
export function describeProgress(bytes: number, seconds: number, expected: number | undefined): string {
  const rate = seconds > 0 ? bytes / seconds : 0;
  const parts = [expected === undefined ? amount(bytes) : `${amount(bytes)} of ${amount(expected)}`];
  if (rate > 0) parts.push(`${amount(rate)}/s`);
  if (rate > 0 && expected !== undefined && expected > bytes)
    parts.push(`${time((expected - bytes) / rate)} left`);
  return parts.join(', ');
}

function amount(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < 4) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}`;
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
