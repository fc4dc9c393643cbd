/** The local syslog socket: whole records arrive as one message each, and a socket that fails is noticed. */

import { once } from 'node:events';
import { createServer } from 'node:net';
import t from 'tap';
import { writeLocalSyslog } from '../../../src/gate/audit/local-syslog.ts';
import { type AuditRecord, decisionRecord } from '../../../src/gate/audit/record.ts';
import { makeFolder } from '../../fixtures/gate/policy.ts';
import { AWKWARD, REQUEST, readPairs } from '../../fixtures/gate/records.ts';
import { desertedSocket, fullDatagramSocket, receiveDatagrams } from '../../fixtures/gate/sockets.ts';

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
});

function fieldsOf(body: string): AuditRecord['fields'] | undefined {
  try {
    return readPairs(body.trimEnd(), '"\\');
  } catch {
    return undefined;
  }
}
