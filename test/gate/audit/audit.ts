/** All sinks of a policy: each gets the record, and one that fails is named while the others still do. */

import fs, { mkdirSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import t from 'tap';
import { writeAudit } from '../../../src/gate/audit/audit.ts';
import type { AuditSettings } from '../../../src/policy/policy.ts';
import { makeFolder } from '../../fixtures/gate/policy.ts';
import { AWKWARD } from '../../fixtures/gate/records.ts';
import { fullDatagramSocket, receiveDatagrams } from '../../fixtures/gate/sockets.ts';

/** What went to standard error meanwhile. */
const said: string[] = [];
const { writeSync } = fs;
fs.writeSync = ((descriptor: number, bytes: Uint8Array, ...rest: []) => {
  if (descriptor !== 2) return writeSync(descriptor, bytes, ...rest);
  said.push(Buffer.from(bytes).toString());
  return bytes.length;
}) as typeof writeSync;
syncBuiltinESMExports();
t.beforeEach(() => {
  said.length = 0;
});

const OFF: AuditSettings = { syslog: { kind: 'off' }, facility: 'authpriv', file: undefined, required: true };
const lines = (file: string) => readFileSync(file, 'utf8').split('\n').length - 1;

t.test('without a sink, and with required or not, a record is taken', async (t) => {
  t.equal(await writeAudit(OFF, AWKWARD), true);
  t.equal(await writeAudit({ ...OFF, required: false }, AWKWARD), true);
  t.same(said, []);
});

t.test('a record goes to syslog and to the file', async (t) => {
  const folder = makeFolder(t);
  const file = `${folder}/audit.jsonl`;
  const socket = `${folder}/log`;
  const next = await receiveDatagrams(t, socket);
  t.equal(await writeAudit({ ...OFF, syslog: { kind: 'local', socket }, file }, AWKWARD), true);
  t.match(await next(), 'event="decision"');
  t.equal(lines(file), 1);
  t.same(said, []);
});

t.test('a failing sink is named and makes the record not taken, though the other sink has it', async (t) => {
  const folder = makeFolder(t);
  const file = `${folder}/audit.jsonl`;
  const full = `${folder}/full`;
  await fullDatagramSocket(t, full);
  const cases: [AuditSettings['syslog'], RegExp][] = [
    [
      { kind: 'local', socket: `${folder}/missing` },
      /^zrep-gate: audit: logger: .*\/missing: No such file or directory\n$/,
    ],
    [
      { kind: 'local', socket: full },
      /^zrep-gate: audit: .*\/full did not take the record within 2000 ms\n$/,
    ],
    [
      { kind: 'remote', transport: 'tcp', host: '127.0.0.1', port: 1 },
      /^zrep-gate: audit: tcp:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/,
    ],
  ];
  for (const [index, [syslog, message]] of cases.entries()) {
    said.length = 0;
    t.equal(await writeAudit({ ...OFF, syslog, file }, AWKWARD), false);
    t.equal(said.length, 1);
    t.match(said[0], message);
    t.equal(lines(file), index + 1, 'and the file has it');
  }
});

t.test('a file that fails is named, printable, and syslog still has the record', async (t) => {
  const folder = makeFolder(t);
  const socket = `${folder}/log`;
  mkdirSync(`${folder}/\x1b[31m`);
  const next = await receiveDatagrams(t, socket);
  const settings: AuditSettings = { ...OFF, syslog: { kind: 'local', socket }, file: `${folder}/\x1b[31m` };
  t.equal(await writeAudit(settings, AWKWARD), false);
  t.same(said, [`zrep-gate: audit: EISDIR: illegal operation on a directory, open '${folder}/\\x1b[31m'\n`]);
  t.match(await next(), 'event="decision"');
});

t.test('sinks that all fail are all named', async (t) => {
  const syslog = { kind: 'local', socket: '/nowhere/log' } as const;
  t.equal(await writeAudit({ ...OFF, syslog, file: '/nowhere/audit.jsonl' }, AWKWARD), false);
  t.equal(said.length, 2);
});
