/**
 * What a run tells: zrep's own lines on standard output, complaints on standard error, or, with --json, one object a
 * line. A reader that has gone away (EPIPE) stops nobody's work.
 */

import { writeSync } from 'node:fs';
import { printable } from '../../printable.ts';

export interface Report {
  /** On standard output as it stands: zrep's protocol has a name without a newline. */
  print(text: string): void;
  /** A line of zrep's on standard output. */
  line(text: string): void;
  /** A complaint or news for a person, on standard error. */
  warn(text: string): void;
  /** How well a thing went, on a terminal alone: under cron, silence says that. */
  news(text: string): void;
  /** What the far side said, made printable. */
  far(host: string, lines: readonly string[]): void;
  /** For programs: one JSON object a line, with the epoch seconds. Nothing without --json. */
  event(event: string, facts: Readonly<Record<string, string | number | boolean>>): void;
}

export function createReport(json: boolean, terminal = false): Report {
  const warn = (text: string) => write(2, `${text.split('\\').map(printable).join('\\')}\n`);
  return {
    print: (text) => json || write(1, text),
    line: (text) => json || write(1, `${text}\n`),
    // Foreign text in it has been made printable already: its backslashes are not to be doubled.
    warn,
    news: (text) => (terminal && !json ? warn(text) : undefined),
    far: (host, lines) => {
      for (const line of lines) write(2, `${host}: ${line}\n`);
    },
    event(event, facts) {
      if (json) write(1, `${JSON.stringify({ event, time: Math.floor(Date.now() / 1000), ...facts })}\n`);
    },
  };
}

/**
 * A report whose texts are held back until they are let go of, all together: of several at work at once, each one's lines
 * stay in one piece. Events are whole by themselves, and go out as they come.
 */
export function holdReport(report: Report): { readonly report: Report; letGo(): void } {
  const held: (() => void)[] = [];
  const hold =
    <Words extends unknown[]>(say: (...words: Words) => void) =>
    (...words: Words) => {
      held.push(() => say(...words));
    };
  return {
    report: {
      print: hold(report.print),
      line: hold(report.line),
      warn: hold(report.warn),
      news: hold(report.news),
      far: hold(report.far),
      event: report.event,
    },
    letGo() {
      for (const say of held.splice(0)) say();
    },
  };
}

/** All of it: a pipe that node has made one that does not block takes a part, or nothing for now (EAGAIN). */
function write(descriptor: 1 | 2, text: string): void {
  let rest = Buffer.from(text, 'utf8');
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(PAUSE, 0, 0, 10);
    }
  }
}

/** Nobody wakes who waits here: a wait of some milliseconds. */
const PAUSE = new Int32Array(new SharedArrayBuffer(4));
