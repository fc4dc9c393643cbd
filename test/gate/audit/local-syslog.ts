/** The local syslog socket: whole records arrive as one message each, and a socket that fails is noticed. */

import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { writeLocalSyslog } from '../../../src/gate/audit/local-syslog.ts';
import { type AuditRecord, decisionRecord } from '../../../src/gate/audit/record.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { makeFolder } from '../../fixtures/gate/policy.ts';
import { AWKWARD, REQUEST, readPairs } from '../../fixtures/gate/records.ts';
import {
  desertedSocket,
  fullDatagramSocket,
  receiveDatagrams,
  startReceiver,
} from '../../fixtures/gate/sockets.ts';

const BODY = 'event="decision" client="a\\"]" verdict="deny" command="x\\\\\\\\y [1] = \\\\n" ms="12"';

t.test('a record is one datagram: priority, tag with process id, and the pairs', async (t) => {
  const path = `${makeFolder(t)}/log`;
  const next = await receiveDatagrams(t, path);
  await writeLocalSyslog(AWKWARD, path, 'authpriv');
  const message = await next();
  t.match(message, /^<84>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d /);
  t.match(message, `zrep-gate[${process.pid}]: ${BODY}`);
  await writeLocalSyslog({ ...AWKWARD, severity: 'err' }, path, 'local7');
  t.match(await next(), /^<187>/, 'and the next one is another, of its own priority');
});

t.test('one logger writes all records, until it is gone or the socket is another', async (t) => {
  const folder = makeFolder(t);
  const [path, other] = [`${folder}/log`, `${folder}/other`];
  const [next, nextOther] = [await receiveDatagrams(t, path), await receiveDatagrams(t, other)];
  const write = (to: string, from: typeof next) =>
    writeLocalSyslog(AWKWARD, to, 'authpriv')
      .then(from)
      .then((message) => t.match(message, BODY));
  await write(path, next);
  const [first] = loggers(path);
  for (const _ of Array(3)) await write(path, next);
  t.same(loggers(path), [first], 'the same one');
  process.kill(Number(first), 'SIGKILL');
  await write(path, next);
  t.equal(loggers(path).length, 1);
  t.not(loggers(path)[0], first, 'a new one');
  await write(other, nextOther);
  t.equal(loggers(other).length, 1, 'one for the other socket');
  await eventually(
    () => Promise.resolve(loggers(path)),
    ({ length }) => length === 0,
  );
});

t.test('when syslogd has begun anew, the next record reaches it', async (t) => {
  const path = `${makeFolder(t)}/log`;
  const old = await startReceiver(t, path);
  await writeLocalSyslog(AWKWARD, path, 'authpriv');
  t.match(await old.next(), BODY);
  await old.stop();
  rmSync(path);
  const next = await receiveDatagrams(t, path);
  await writeLocalSyslog(AWKWARD, path, 'authpriv');
  t.match(await next(), BODY);
});

t.test('no record is cut or split, however much a client sends', async (t) => {
  const path = `${makeFolder(t)}/log`;
  const next = await receiveDatagrams(t, path);
  const refusals = [
    { refused: 'unprintable', reason: 'r'.repeat(200) },
    { refused: 'policy-broken', reason: 'r'.repeat(80), detail: '\\xe9'.repeat(200) },
  ] as const;
  for (const command of ['x', '\\', '"', '\x1b', '\u202e'])
    for (const refusal of refusals) {
      const record = decisionRecord({ ...REQUEST, command: command.repeat(100_000) }, refusal);
      await writeLocalSyslog(record, path, 'authpriv');
      const body = (await next()).replace(/^.*?\]: /, '');
      const whole = JSON.stringify(fieldsOf(body)) === JSON.stringify(record.fields);
      t.ok(whole, `${refusal.refused}, command of ${JSON.stringify(command)}`, { found: body.length });
    }
});

t.test('a socket of streams is written to as well', async (t) => {
  const path = `${makeFolder(t)}/log`;
  const server = createServer().listen(path);
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  await writeLocalSyslog(AWKWARD, path, 'user');
  const [connection] = await accepted;
  const [data] = await once(connection, 'data');
  t.match(String(data), BODY);
  connection.destroy();
  server.close();
});

t.test(
  'a socket that is not there, not a socket, or that nobody listens on is an error that names it',
  async (t) => {
    const folder = makeFolder(t);
    desertedSocket(`${folder}/deserted`);
    const cases: [string, RegExp][] = [
      [`${folder}/missing`, /^logger: .*\/missing: No such file or directory$/],
      [`${folder}/deserted`, /^logger: .*\/deserted: Connection refused$/],
      ['/dev/null', /^logger: .*\/dev\/null: Connection refused$/],
      [`${folder}/${'x'.repeat(200)}`, /^logger: .*: pathname too long$/],
    ];
    for (const [path, message] of cases)
      await t.rejects(writeLocalSyslog(AWKWARD, path, 'user'), { message }, path);
  },
);

t.test('a socket that nobody reads is given up on', async (t) => {
  const path = `${makeFolder(t)}/log`;
  await fullDatagramSocket(t, path);
  const message = `${path} did not take the record within 2000 ms`;
  await t.rejects(writeLocalSyslog(AWKWARD, path, 'user'), { message });
  await eventually(
    () => Promise.resolve(loggers(path)),
    ({ length }) => length === 0,
  );
});

/** The process numbers of our children that write to the socket at `path`. */
function loggers(path: string): string[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  const started = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  return children.filter((pid) => started(pid)[0] === '/usr/bin/logger' && started(pid).includes(path));
}

function fieldsOf(body: string): AuditRecord['fields'] | undefined {
  try {
    return readPairs(body.trimEnd(), '"\\');
  } catch {
    return undefined;
  }
}
