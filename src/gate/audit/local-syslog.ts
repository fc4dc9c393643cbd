/**
 * The host's own syslog socket. Node has no datagram sockets for it, so util-linux's logger writes the line;
 * `--socket-errors=on` makes a missing socket an error, and a full one blocks it, hence the limit.
 */

import { spawn } from 'node:child_process';
import { formatPairs, PROGRAM } from './format.ts';
import type { AuditRecord } from './record.ts';

/** A socket that does not take a line in this time is broken. Milliseconds. */
const LIMIT = 2000;

/** Larger than any record, and what rsyslogd takes at most by default; logger cuts at 1 KiB otherwise. Bytes. */
const SIZE = 8192;

/**
 * Writes `record` to the socket at `socket`.
 *
 * @throws Error when it was not taken.
 */
export async function writeLocalSyslog(record: AuditRecord, socket: string, facility: string): Promise<void> {
  const argv = ['--socket', socket, '--socket-errors=on', '--size', String(SIZE), '--tag', PROGRAM];
  argv.push(`--id=${process.pid}`, '--priority', `${facility}.${record.severity}`);
  const child = spawn('/usr/bin/logger', argv, {
    env: { LC_ALL: 'C' },
    cwd: '/',
    // The line goes in by standard input: in argv, every user of the host could read it.
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: LIMIT,
    killSignal: 'SIGKILL',
  });
  let message = '';
  child.stderr.on('data', (chunk: Buffer) => {
    message += chunk.toString('latin1');
  });
  // When logger is gone before it has read the line, its exit code tells.
  child.stdin.on('error', () => {});
  child.stdin.end(`${formatPairs(record)}\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code === null) throw new Error(`${socket} did not take the record within ${LIMIT} ms`);
  if (code !== 0)
    throw new Error(`logger: ${message.trim().replace(/^logger: /, '') || `exit code ${code}`}`);
}
