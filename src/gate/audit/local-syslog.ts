/**
 * The host's own syslog socket. Node has no datagram sockets for it, so util-linux's logger writes the lines: one process for all
 * records of a gate, since to start one takes longer than all else about a record. With `--stderr` it prints a line once more when
 * it has sent it, and by that we know. `--socket-errors=on` makes a missing socket an error, and a full one blocks it, hence the limit.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { formatPairs, PROGRAM, priorityOf } from './format.ts';
import type { AuditRecord } from './record.ts';

/** A socket that does not take a line in this time is broken. Milliseconds. */
const LIMIT = 2000;

/** Larger than any record, and what rsyslogd takes at most by default; logger cuts at 1 KiB otherwise. Bytes. */
const SIZE = 8192;

/** A logger that has been started, and which socket that was for: the file, since syslogd makes a new one when it begins anew. */
interface Logger {
  readonly place: string;
  /** Resolves when the line, without its newline, was sent. @throws Error when it was not; then the logger is of no further use. */
  write(priority: number, line: string): Promise<void>;
  /** Has it end once it has sent what it has. */
  end(): void;
}

/** Who waits once more for a socket that takes nothing, waits twice as long. */
class Late extends Error {}

let current: Logger | undefined;

/**
 * Writes `record` to the socket at `socket`, by the logger that wrote the one before where there is one.
 *
 * @throws Error when it was not taken.
 */
export async function writeLocalSyslog(record: AuditRecord, socket: string, facility: string): Promise<void> {
  const priority = priorityOf(facility, record.severity);
  const pairs = formatPairs(record);
  const place = placeOf(socket);
  if (current?.place !== place) endLogger();
  if (current !== undefined) {
    try {
      return await current.write(priority, pairs);
    } catch (error) {
      endLogger();
      if (error instanceof Late) throw error;
      // It may have been killed long ago: a new one tells whether the socket is broken.
    }
  }
  current = startLogger(socket, place);
  try {
    await current.write(priority, pairs);
  } catch (error) {
    endLogger();
    throw error;
  }
}

/** The path, and which file that is; of one that is not there logger says so. */
function placeOf(socket: string): string {
  const found = statSync(socket, { throwIfNoEntry: false });
  return found ? `${socket} ${found.dev}:${found.ino}` : socket;
}

function endLogger(): void {
  current?.end();
  current = undefined;
}

function startLogger(socket: string, place: string): Logger {
  const argv = ['--socket', socket, '--socket-errors=on', '--size', String(SIZE), '--tag', PROGRAM];
  argv.push(`--id=${process.pid}`, '--prio-prefix', '--stderr');
  const child = spawn('/usr/bin/logger', argv, {
    env: { LC_ALL: 'C' },
    cwd: '/',
    // The lines go in by standard input: in argv, every user of the host could read them.
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  letGateEnd(child);
  const heard = listen(child);
  // When logger is gone before it has read a line, its end tells.
  child.stdin?.on('error', () => {});
  return {
    place,
    async write(priority, line) {
      // It keeps the gate alive while a line is on its way, as the pipes to logger do not.
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          child.kill('SIGKILL');
          reject(new Late(`${socket} did not take the record within ${LIMIT} ms`));
        }, LIMIT);
      });
      try {
        child.stdin?.write(`<${priority}>${line}\n`);
        await Promise.race([heard(line), late]);
      } finally {
        clearTimeout(timer);
      }
    },
    end: () => child.stdin?.end(),
  };
}

/** The gate ends when its own work is done, and logger with it, by the end of its input. */
function letGateEnd(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stderr]) (pipe as { unref?(): void } | null)?.unref?.();
}

/** What to call for each line that was written: resolves when it was sent, and rejects with what logger says when it was not. */
function listen(child: ChildProcess): (line: string) => Promise<void> {
  const waiting: { readonly line: string; resolve(): void; reject(error: Error): void }[] = [];
  let ended: Error | undefined;
  let rest = '';
  let aside = '';
  const fail = (message: string) => {
    ended ??= new Error(message);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  child.stderr?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const said of lines) {
      // In front of what it has sent are the priority, the time and the tag. The dynamic linker may say something, too.
      if (said.startsWith('logger: ')) fail(said);
      else if (!said.startsWith('<')) aside = said;
      else if (said.endsWith(waiting[0]?.line ?? said)) waiting.shift()?.resolve();
      else fail('logger: it sent something else than the record');
    }
  });
  child.on('error', ({ message }) => fail(message));
  child.on('close', (code) => fail(`logger: ${aside || `exit code ${code}`}`));
  return (line) =>
    new Promise((resolve, reject) => {
      if (ended) reject(ended);
      else waiting.push({ line, resolve, reject });
    });
}
