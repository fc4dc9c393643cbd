/** The host that a file system comes from, and what can be asked there: through ssh, or on this very host without. */

import { type ChildProcess, spawn } from 'node:child_process';
import { lex } from '../../command/lex.ts';
import type { Interruption } from '../../process/interruption.ts';
import { endOf } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { Failure } from '../run/failure.ts';
import type { SourceHost } from '../words/source.ts';
import type { Answer } from './answer.ts';
import type { StreamThere } from './pinned-session.ts';
import { createSessions, type Sessions } from './sessions.ts';
import type { Ssh } from './ssh.ts';
import { explained } from './ssh-failure.ts';

/** More than any answer of zrep's has; a listing can have more. Bytes. */
const MOST = 65_536;

/** Nothing but a stream takes so long. Milliseconds. */
const LONGEST = 15 * 60 * 1000;

export interface FarSide {
  readonly host: SourceHost;
  /** Begins to connect, and to open a session where there are some: for who has several short commands. */
  prepare(): void;
  /** Runs a command there to its end; it may print `most` bytes. @throws Failure when the host cannot be reached. */
  ask(command: string, most?: number): Promise<Answer>;
  /** The same for the last command of `together`: the lock there goes with it. */
  askLast(command: string): Promise<Answer>;
  /**
   * Does `work`, whose commands are all about one file system and may go through one session, the stream included; the lock
   * there then stays taken from one to the next.
   */
  together<Result>(work: (far: FarSide) => Promise<Result>): Promise<Result>;
  /** Has a command stream in a session; its answer where it does not stream, undefined where it is to be sent by itself. */
  stream(command: string): Promise<Answer | StreamThere | undefined>;
  /** The argv that runs a command there. @throws Failure when the host cannot be reached. */
  argvOf(command: string): Promise<readonly string[]>;
  /** The process that writes what that prints, in its place; undefined where that is not certain. */
  writer(): number | undefined;
  /** What ssh said when it lost the connection, in lines; none where that is there. */
  lastWords(): Promise<readonly string[]>;
  /** How far its clock is ahead, seconds, by what was asked anyway; undefined where it does not say. */
  skew(): number | undefined;
  /** What `skew` is from now on, where no session tells it. */
  noteSkew(seconds: number | undefined): void;
  /** Lets go of what was kept open. */
  close(): Promise<void>;
}

/** What runs on this very host in the place of a command's first word: argv by name. */
type Programs = Readonly<Record<'zrep' | 'zfs', readonly string[]>>;

/** The far side on `host`; where that is this host, zrep and zfs are those of `programs`. */
export function createFarSide(
  host: SourceHost,
  ssh: Ssh,
  programs: Programs,
  interruption: Interruption,
): FarSide {
  const argvOf = async (command: string) =>
    host.here ? hereArgv(command, programs) : [...(await ssh.to(host.name)), command];
  const writer = () => (host.here ? undefined : ssh.writer(host.name));
  let sessions: Sessions | undefined;
  let noted: number | undefined;
  const askOf =
    (some: () => Pick<Sessions, 'ask'> | undefined): FarSide['ask'] =>
    async (command, most = MOST) => {
      interruption.check();
      const answer = most > MOST ? undefined : await some()?.ask(command);
      if (answer !== undefined) return answer;
      const own = await capture(await argvOf(command), interruption, most);
      return host.here ? own : explained(own, host.name);
    };
  const far: FarSide = {
    host,
    argvOf,
    writer,
    prepare() {
      if (host.here) return;
      sessions ??= createSessions(() => ssh.to(host.name), interruption, writer);
    },
    ask: askOf(() => sessions),
    askLast: (command) => far.ask(command),
    stream: async () => undefined,
    async together(work) {
      const pinned = sessions?.pin();
      if (pinned === undefined) return work(far);
      try {
        return await work({
          ...far,
          ask: askOf(() => pinned),
          askLast: askOf(() => ({ ask: pinned.askLast })),
          stream: pinned.stream,
        });
      } finally {
        pinned.done();
      }
    },
    lastWords: async () => (host.here ? [] : ssh.lastWords(host.name)),
    skew: () => sessions?.skew() ?? noted,
    noteSkew(seconds) {
      noted = seconds;
    },
    close: async () => sessions?.close(),
  };
  return far;
}

/** A command for this host as argv: no shell reads it, and a bare `zrep` or `zfs` is this run's own. */
function hereArgv(command: string, programs: Programs): readonly string[] {
  const stages = lex(command);
  const [[first = '', ...words] = [], ...filters] = isRefusal(stages) ? [] : stages;
  // A filter in front of a pipe to ourselves would be taken off again at once.
  if (first === '' || filters.length > 0)
    throw new Failure(`on one and the same host no ZREP_OUTFILTER can be used: ${command}`);
  const own = first === 'zrep' || first === 'zfs' ? programs[first] : [first];
  return [...own, ...words];
}

/** Runs `argv` to its end, without input; it may print `most` bytes. @throws Interrupted on a signal. */
export async function capture(
  argv: readonly string[],
  interruption: Interruption,
  most: number,
): Promise<Answer> {
  const [file = '', ...words] = argv;
  const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stopListening = interruption.onSignal(() => child.kill('SIGTERM'));
  const timer = setTimeout(() => child.kill('SIGKILL'), LONGEST);
  const output = collect(child, most);
  try {
    const ended = await endOf(child);
    interruption.check();
    return { ...ended, output: output() };
  } finally {
    clearTimeout(timer);
    stopListening();
  }
}

/** What a child prints; one that prints more than `most` is ended, and what it said is not to be used. */
function collect(child: ChildProcess, most: number): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= most) chunks.push(chunk);
    else child.kill('SIGKILL');
  });
  return () => Buffer.concat(chunks).toString('latin1');
}
