/** An append-only file of JSON lines, for those who want the records without syslog. */

import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { formatJson } from './format.ts';
import type { AuditRecord } from './record.ts';

const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Appends `record` to the file at `path`, in one write, so that lines of several gates do not mix.
 *
 * @throws Error when it cannot be written whole.
 */
export function appendJsonLine(record: AuditRecord, path: string): void {
  // NONBLOCK, so that a FIFO in the file's place is an error and no wait.
  const descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error(`${path} is not a regular file`);
    const line = Buffer.from(`${formatJson(record)}\n`);
    if (writeSync(descriptor, line) !== line.length)
      throw new Error(`${path} took only a part of the record`);
  } finally {
    closeSync(descriptor);
  }
}
