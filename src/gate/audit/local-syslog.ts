/**
 * The host's own syslog socket. Node has no datagram sockets for it, so util-linux's logger writes the lines: one process for all
 * records of a gate, since to start one takes longer than all else about a record. With `--stderr` it prints a line once more when
 * it has sent it, and by that we know. `--socket-errors=on` makes a missing socket an error, and a full one blocks it, hence the limit.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { formatPairs, PROGRAM, priorityOf } from './format.ts';
import type { AuditRecord } from './record.ts';

/** A socket that does not take a line in this time is broken. Milliseconds. */
const LIMIT = 2000;

/** Larger than any record, and what rsyslogd takes at most by default; logger cuts at 1 KiB otherwise. Bytes. */
const SIZE = 8192;

/** A logger that has been started, and the socket that it writes to. */
interface Logger {
  readonly socket: string;
  /** Resolves when the line was sent. @throws Error when it was not; then the logger is of no further use. */
  write(line: string): Promise<void>;
  /** Has it end once it has sent what it has. */
  end(): void;
}

let current: Logger | undefined;

/**
 * Writes `record` to the socket at `socket`, by the logger that wrote the one before where there is one.
 *
 * @throws Error when it was not taken.
 */
export async function writeLocalSyslog(record: AuditRecord, socket: string, facility: string): Promise<void> {
  const line = `<${priorityOf(facility, record.severity)}>${formatPairs(record)}\n`;
  if (current?.socket !== socket) endLogger();
  if (current !== undefined) {
    try {
      return await current.write(line);
    } catch {
      // It may have been killed, or syslogd begun anew, long ago: a new one tells whether the socket is broken.
      endLogger();
    }
  }
  current = startLogger(socket);
  try {
    await current.write(line);
  } catch (error) {
    endLogger();
    throw error;
  }
}

function endLogger(): void {
  current?.end();
  current = undefined;
}

function startLogger(socket: string): Logger {
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
    socket,
    async write(line) {
      // It keeps the gate alive while a line is on its way, as the pipes to logger do not.
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          child.kill('SIGKILL');
          reject(new Error(`${socket} did not take the record within ${LIMIT} ms`));
        }, LIMIT);
      });
      try {
        child.stdin?.write(line);
        await Promise.race([heard(), late]);
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
function listen(child: ChildProcess): () => Promise<void> {
  const waiting: { resolve(): void; reject(error: Error): void }[] = [];
  let ended: Error | undefined;
  let rest = '';
  const fail = (message: string) => {
    ended ??= new Error(message);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  child.stderr?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const said of lines) {
      // What it has sent begins with the priority; all else is a complaint.
      if (!said.startsWith('<')) fail(`logger: ${said.replace(/^logger: /, '')}`);
      else waiting.shift()?.resolve();
    }
  });
  child.on('error', ({ message }) => fail(message));
  child.on('close', (code) => fail(`logger: exit code ${code}`));
  return () =>
    new Promise((resolve, reject) => {
      if (ended) reject(ended);
      else waiting.push({ resolve, reject });
    });
}
