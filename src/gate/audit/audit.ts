/** Writes a record to every sink that the policy names. */

import type { AuditSettings } from '../../policy/policy.ts';
import { printable } from '../../printable.ts';
import { say } from '../tell.ts';
import { appendJsonLine } from './json-file.ts';
import { writeLocalSyslog } from './local-syslog.ts';
import type { AuditRecord } from './record.ts';

/** True when every sink took `record`. One that failed or blocked is named on standard error, in bounded time. */
export async function writeAudit(settings: AuditSettings, record: AuditRecord): Promise<boolean> {
  const sinks = await Promise.allSettled([writeSyslog(settings, record), writeFile(settings, record)]);
  const failures = sinks.filter((sink) => sink.status === 'rejected');
  for (const { reason } of failures) say(`audit: ${printable(String((reason as Error).message))}`);
  return failures.length === 0;
}

async function writeSyslog({ syslog, facility }: AuditSettings, record: AuditRecord): Promise<void> {
  if (syslog.kind === 'local') await writeLocalSyslog(record, syslog.socket, facility);
  if (syslog.kind === 'remote') {
    // Loaded on need: sockets and syslog-client cost as much as the rest of the gate.
    const { writeRemoteSyslog } = await import('./remote-syslog.ts');
    await writeRemoteSyslog(record, syslog, facility);
  }
}

async function writeFile({ file }: AuditSettings, record: AuditRecord): Promise<void> {
  if (file !== undefined) appendJsonLine(record, file);
}
