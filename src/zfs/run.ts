/**
 * The only place that starts zfs.
 *
 * Every child gets a constant environment, `/` as its directory and no standard input. A stream's first stage
 * is zfs send, the last one's standard output is the ssh channel itself: no byte of it passes through here.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Interruption } from '../process/interruption.ts';
import { type Ended, endOf, startStages, succeeded } from '../process/pipeline.ts';
import { watchForStall } from '../process/stall.ts';

/** What the children see, whatever this process was given: a constant PATH, and messages in English. */
export const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

interface Captured extends Ended {
  readonly output: string;
}

export interface Streamed extends Ended {
  /** Set when nobody read the stream for too long, and it was ended for that. */
  readonly stalled?: true;
  /** What was printed by the call aside, where that ended well, and before the stream. */
  readonly aside?: string | undefined;
  /** How many bytes the first stage wrote, where that is certain: of zfs-fuse, whose daemon writes in its place, they are not the stream's. */
  readonly written?: number | undefined;
}

export interface Zfs {
  /** The binary's path. */
  readonly binary: string;
  /** Runs zfs to its end and captures what it prints; `input` is on its standard input, where nothing is otherwise. */
  ask(argv: readonly string[], input?: string): Promise<Captured>;
  /**
   * Runs zfs with its output on our standard output, through `filters` where there are any; a stage
   * that failed speaks for all.
   */
  stream(
    argv: readonly string[],
    filters: readonly (readonly string[])[],
    options?: StreamOptions,
  ): Promise<Streamed>;
}

interface StreamOptions {
  /** zfs is asked this at the same time, for as long as the stream takes. */
  readonly aside?: readonly string[];
  /** The stream is ended when its last stage has waited so long for who reads it. */
  readonly stallSeconds?: number;
}

/** zfs at `binary`, whose children are told of signals that `interruption` hears of; short calls see `environment`. */
export function createZfs(
  binary: string,
  interruption: Interruption,
  environment: Readonly<Record<string, string>> = ENVIRONMENT,
): Zfs {
  return {
    binary,
    // Short calls are not told of signals: half a lock is worse than one step more.
    ask: (argv, input) => startCaptured([binary, ...argv], environment, input).ending,
    async stream(argv, filters, { aside, stallSeconds } = {}) {
      const streaming = streamProcesses([[binary, ...argv], ...filters], interruption, stallSeconds);
      if (aside === undefined) return streaming;
      const asked = captureBeside([binary, ...aside], streaming);
      return { ...(await streaming), aside: await asked };
    },
  };
}

/** The same zfs, whose streams are held back and handed to `take`: for what is short, where standard output is another's. */
export function withoutChannel(zfs: Zfs, take: (output: string) => void): Zfs {
  return {
    ...zfs,
    async stream(argv) {
      const { output, ...ended } = await zfs.ask(argv);
      take(output);
      return ended;
    },
  };
}

/** What a process printed; undefined when it failed, or `work` was over first: then nobody waits for it. */
async function captureBeside(argv: readonly string[], work: Promise<unknown>): Promise<string | undefined> {
  try {
    const { child, ending } = startCaptured(argv);
    const over = work.then(
      () => undefined,
      () => undefined,
    );
    const first = await Promise.race([ending, over]);
    if (first === undefined) abandon(child);
    return first && succeeded(first) ? first.output : undefined;
  } catch {
    // A process that cannot even be tried (E2BIG, ENOMEM) is not what was asked for.
    return undefined;
  }
}

/** Kills a child that only looks. In the kernel it may live on for a while, which must not keep this process. */
function abandon(child: ChildProcess): void {
  child.kill('SIGKILL');
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.unref();
}

function startCaptured(
  [file = '', ...argv]: readonly string[],
  env: Readonly<Record<string, string>> = ENVIRONMENT,
  input?: string,
): { child: ChildProcess; ending: Promise<Captured> } {
  const child = spawn(file, argv, {
    env,
    cwd: '/',
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  // Who ends without reading it says why.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const output = () => Buffer.concat(chunks).toString('utf8');
  return { child, ending: endOf(child).then((ended) => ({ ...ended, output: output() })) };
}

async function streamProcesses(
  stages: readonly (readonly string[])[],
  interruption: Interruption,
  stallSeconds: number | undefined,
): Promise<Streamed> {
  const children: ChildProcess[] = [];
  const end = (signal: NodeJS.Signals) => {
    for (const child of children) child.kill(signal);
  };
  const stopListening = interruption.onSignal(() => end('SIGTERM'));
  let stalled = false;
  let stopWatching = () => {};
  try {
    const written = startStages(
      stages.map((argv) => ({ argv, env: ENVIRONMENT, cwd: '/' })),
      children,
      'inherit',
    );
    const writer = children.at(-1)?.pid;
    if (stallSeconds !== undefined && writer !== undefined) {
      stopWatching = watchForStall(writer, stallSeconds, () => {
        stalled = true;
        // What waits in the kernel need not obey a gentler one.
        end('SIGKILL');
      });
    }
    const ends = await Promise.all(children.map(endOf));
    const failed = ends.filter((ended) => !succeeded(ended));
    // SIGPIPE tells that a later stage failed, so it speaks only where no other failure does.
    const ended = failed.find(({ signal }) => signal !== 'SIGPIPE') ?? failed[0] ?? (ends[0] as Ended);
    const bytes = written();
    return { ...ended, ...(stalled ? { stalled } : {}), ...(bytes === undefined ? {} : { written: bytes }) };
  } catch (error) {
    // A stage that cannot even be tried: those in front of it would run for nobody.
    end('SIGKILL');
    throw error;
  } finally {
    stopListening();
    stopWatching();
  }
}
