/** The three forms of a record: one printable line each, that parses back to the same fields. */

import fc from 'fast-check';
import t from 'tap';
import { formatJson, formatPairs, formatRfc5424 } from '../../../src/gate/audit/format.ts';
import { type AuditRecord, decisionRecord } from '../../../src/gate/audit/record.ts';
import type { GateRequest } from '../../../src/gate/request.ts';
import {
  AWKWARD,
  anyRequest,
  anyText,
  HUGE,
  REQUEST,
  readPairs,
  readRfc5424,
} from '../../fixtures/gate/records.ts';

t.test('the body for local syslog puts a backslash before " and \\', (t) => {
  t.equal(
    formatPairs(AWKWARD),
    'event="decision" client="a\\"]" verdict="deny" command="x\\\\\\\\y [1] = \\\\n" ms="12"',
  );
  t.end();
});

t.test('a line of JSON has time and severity in front, and numbers as numbers', (t) => {
  t.equal(
    formatJson(AWKWARD),
    '{"time":"2023-11-14T22:13:20.123Z","severity":"warning","event":"decision","client":"a\\"]",' +
      '"verdict":"deny","command":"x\\\\\\\\y [1] = \\\\n","ms":12}',
  );
  t.end();
});

t.test(
  'a message for a syslog server has its fields as structured data, ] escaped, and a word for people',
  (t) => {
    t.equal(
      formatRfc5424(AWKWARD, 'authpriv', 'fileserver', 83),
      '<84>1 2023-11-14T22:13:20.123Z fileserver zrep-gate 83 decision [zrep-gate@32473 event="decision" ' +
        'client="a\\"\\]" verdict="deny" command="x\\\\\\\\y [1\\] = \\\\n" ms="12"] deny',
    );
    const result: AuditRecord = { ...AWKWARD, fields: { event: 'result', outcome: 'done' } };
    t.match(formatRfc5424(result, 'authpriv', 'h', 1), / 1 result \[.*\] done$/);
    t.match(formatRfc5424({ ...AWKWARD, fields: { id: 'i' } }, 'authpriv', 'h', 1), / 1 - \[.*\] -$/);
    t.end();
  },
);

t.test('the priority is eight times the facility plus the severity', (t) => {
  const cases = [
    ['kern', 'err', 3], ['user', 'notice', 13], ['mail', 'err', 19], ['daemon', 'warning', 28], ['auth', 'err', 35],
    ['syslog', 'notice', 45], ['lpr', 'err', 51], ['news', 'err', 59], ['uucp', 'err', 67], ['cron', 'notice', 77],
    ['authpriv', 'notice', 85], ['ftp', 'err', 91], ['local0', 'warning', 132], ['local1', 'err', 139],
    ['local2', 'err', 147], ['local3', 'err', 155], ['local4', 'err', 163], ['local5', 'err', 171],
    ['local6', 'err', 179], ['local7', 'notice', 189],
  ] as const; // biome-ignore format: one table
  for (const [facility, severity, priority] of cases) {
    const message = formatRfc5424({ ...AWKWARD, severity }, facility, 'h', 1);
    t.equal(message.slice(0, message.indexOf('>') + 1), `<${priority}>`, `${facility}.${severity}`);
  }
  t.end();
});

t.test('whatever is in any field, each form is one printable line with the same fields', (t) => {
  const holds = (request: GateRequest, reason: string, detail: string) => {
    const record = decisionRecord(request, { refused: 'unknown-client', reason, detail });
    const lines = [
      formatPairs(record),
      formatJson(record),
      formatRfc5424(record, 'user', 'host', 7),
    ] as const;
    if (!lines.every((line) => /^[\x20-\x7e]+$/.test(line))) return false;
    const { time: _time, severity: _severity, ...json } = JSON.parse(lines[1]);
    const found = [readPairs(lines[0], '"\\'), json, readRfc5424(lines[2]).fields];
    return found.every((fields) => JSON.stringify(fields) === JSON.stringify(record.fields));
  };
  t.doesNotThrow(() => fc.assert(fc.property(anyRequest, anyText, anyText, holds), { numRuns: 300 }));
  for (const text of HUGE) {
    const request = { ...REQUEST, id: text, client: text, command: text, address: text };
    t.ok(holds(request, text, text), `100 kB of ${JSON.stringify(text[0])} in each`);
  }
  t.end();
});
