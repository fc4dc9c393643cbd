/**
 * What a run does, told on standard error as it does it: with -v (ZREP_VERBOSE) each command to the other side, and each zfs here
 * that changes something; with -D (DEBUG) all of them, and how each ended.
 */

import type { Ended } from '../../process/pipeline.ts';
import type { Zfs } from '../../zfs/run.ts';
import type { FarSide } from '../far/far-side.ts';
import type { Settings } from '../words/settings.ts';
import type { Report } from './report.ts';

export interface Trace {
  /** The same zfs, whose calls are told. */
  zfs(zfs: Zfs): Zfs;
  /** The same far side, whose commands are told. */
  far(far: FarSide): FarSide;
  /** A zfs that is one end of a stream. */
  stream(words: readonly string[]): void;
}

/** Words of zfs that change nothing. */
const LOOKS = ['get', 'list', 'diff'];

export function createTrace(
  { warn }: Pick<Report, 'warn'>,
  { verbose, debug }: Pick<Settings, 'verbose' | 'debug'>,
  now: () => number = Date.now,
): Trace {
  if (!verbose && !debug) return { zfs: (zfs) => zfs, far: (far) => far, stream: () => {} };

  /** Tells of `text` in front and, with -D, behind. */
  async function told<Result extends Ended>(text: string, work: () => Promise<Result>): Promise<Result> {
    const began = now();
    warn(`+ ${text}`);
    const ended = await work();
    if (debug) warn(`DEBUG: exit ${ended.signal ?? ended.code}, ${now() - began} ms: ${text}`);
    return ended;
  }

  function tellFar(far: FarSide): FarSide {
    return {
      ...far,
      ask: (command, most) => told(sayFar(far, command), () => far.ask(command, most)),
      askLast: (command) => told(sayFar(far, command), () => far.askLast(command)),
      together: (work) => far.together((inner) => work(tellFar(inner))),
      async stream(command) {
        const streaming = await far.stream(command);
        if (streaming !== undefined) warn(`+ ${sayFar(far, command)}`);
        return streaming;
      },
      argvOf(command) {
        warn(`+ ${sayFar(far, command)}`);
        return far.argvOf(command);
      },
    };
  }

  return {
    zfs: (zfs) => ({
      ...zfs,
      ask: (argv, input) =>
        debug || !LOOKS.includes(argv[0] ?? '')
          ? told(`zfs ${argv.join(' ')}`, () => zfs.ask(argv, input))
          : zfs.ask(argv, input),
      stream: (argv, filters, options) =>
        told(`zfs ${argv.join(' ')}`, () => zfs.stream(argv, filters, options)),
    }),
    far: tellFar,
    stream: (words) => warn(`+ zfs ${words.join(' ')}`),
  };
}

/** In quotes, since the blanks in it count. */
function sayFar({ host }: FarSide, command: string): string {
  return host.here ? command.trim() : `ssh ${host.name} '${command}'`;
}
