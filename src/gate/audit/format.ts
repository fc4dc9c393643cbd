/** One record as text, once for each kind of sink; one line each, and no value can break out of its field. Pure. */

import type { AuditRecord } from './record.ts';

export const PROGRAM = 'zrep-gate';

/** RFC 5424, section 7.2.2: 32473 is the number reserved for examples (RFC 5612); we have none of our own. */
const STRUCTURED_ID = `${PROGRAM}@32473`;

const SEVERITY = { err: 3, warning: 4, notice: 5 } as const;

/** RFC 5424, table 1, and syslog(3)'s names. */
const FACILITY: Readonly<Record<string, number>> = {
  kern: 0, user: 1, mail: 2, daemon: 3, auth: 4, syslog: 5, lpr: 6, news: 7, uucp: 8, cron: 9, authpriv: 10, ftp: 11,
  local0: 16, local1: 17, local2: 18, local3: 19, local4: 20, local5: 21, local6: 22, local7: 23,
}; // biome-ignore format: one table

/** The number that a syslog message begins with: facility and severity (RFC 5424, section 6.2.1). */
export function priorityOf(facility: string, severity: AuditRecord['severity']): number {
  return (FACILITY[facility] ?? FACILITY['authpriv'] ?? 10) * 8 + SEVERITY[severity];
}

/** `key="value" key="value"`, the body of a classic syslog line: `\` and `"` behind a `\`. */
export function formatPairs({ fields }: AuditRecord): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}="${String(value).replace(/[\\"]/g, '\\$&')}"`)
    .join(' ');
}

/** One line of JSON, without its newline. */
export function formatJson({ time, severity, fields }: AuditRecord): string {
  return JSON.stringify({ time: new Date(time).toISOString(), severity, ...fields });
}

/** A whole RFC 5424 message, without framing: the fields are structured data, the text is for people. */
export function formatRfc5424(
  { time, severity, fields }: AuditRecord,
  facility: string,
  host: string,
  pid: number,
): string {
  const data = Object.entries(fields)
    .map(([name, value]) => ` ${name}="${String(value).replace(/[\\"\]]/g, '\\$&')}"`)
    .join('');
  const header = `<${priorityOf(facility, severity)}>1 ${new Date(time).toISOString()} ${host} ${PROGRAM} ${pid} ${fields['event'] ?? '-'}`;
  return `${header} [${STRUCTURED_ID}${data}] ${fields['verdict'] ?? fields['outcome'] ?? '-'}`;
}
