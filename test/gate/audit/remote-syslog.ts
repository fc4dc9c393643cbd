/** A syslog server on the network: the message as it was formatted, and a server that fails is noticed. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { hostname } from 'node:os';
import t from 'tap';
import { type AuditRecord, decisionRecord } from '../../../src/gate/audit/record.ts';
import { writeRemoteSyslog } from '../../../src/gate/audit/remote-syslog.ts';
import { refuse } from '../../../src/refusal.ts';
import { AWKWARD, REQUEST, readRfc5424 } from '../../fixtures/gate/records.ts';
import { unacceptingPort } from '../../fixtures/gate/sockets.ts';

const LONG: AuditRecord = decisionRecord(
  { ...REQUEST, command: '\u202e'.repeat(100_000) },
  refuse('unprintable'),
);
const MESSAGE =
  `<84>1 2023-11-14T22:13:20.123Z ${hostname()} zrep-gate ${process.pid} decision [zrep-gate@32473 ` +
  'event="decision" client="a\\"\\]" verdict="deny" command="x\\\\\\\\y [1\\] = \\\\n" ms="12"] deny';

t.test('over UDP a record is one datagram, the message alone', async (t) => {
  const server = createSocket('udp4').bind(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const target = targetOf('udp', server.address().port);
  for (const record of [AWKWARD, LONG]) {
    const received = once(server, 'message');
    await writeRemoteSyslog(record, target, 'authpriv');
    const text = String((await received)[0]);
    if (record === AWKWARD) t.equal(text, MESSAGE);
    t.same(readRfc5424(text).fields, record.fields);
  }
});

t.test('over TCP a record has its length in bytes in front, and the connection ends behind it', async (t) => {
  const { port, next } = await serveTcp(t);
  for (const record of [AWKWARD, LONG]) {
    const received = next().then(textOf);
    await writeRemoteSyslog(record, targetOf('tcp', port), 'authpriv');
    const [, length, text = ''] = /^(\d+) (.*)$/s.exec(await received) ?? [];
    if (record === AWKWARD) t.equal(text, MESSAGE);
    t.equal(Number(length), text.length);
    t.same(readRfc5424(text).fields, record.fields);
  }
});

t.test('a server that takes the connection and never reads holds nothing up', async (t) => {
  const { port, next } = await serveTcp(t);
  const accepted = next();
  await t.resolves(writeRemoteSyslog(LONG, targetOf('tcp', port), 'authpriv'));
  (await accepted).destroy();
});

t.test('a server that refuses the connection is an error that names it', async (t) => {
  const { port, close } = await serveTcp(t);
  await close();
  const message = `tcp://127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`;
  await t.rejects(writeRemoteSyslog(AWKWARD, targetOf('tcp', port), 'authpriv'), { message });
});

t.test('a server that does not answer is given up on', async (t) => {
  const port = await unacceptingPort(t);
  const message = new RegExp(
    `^tcp://127\\.0\\.0\\.1:${port}: (?:no answer within 2000 ms|connection timed out)$`,
  );
  await t.rejects(writeRemoteSyslog(AWKWARD, targetOf('tcp', port), 'authpriv'), { message });
});

t.test('an address that no datagram can be sent to is an error', async (t) => {
  const target = { ...targetOf('udp', 514), host: '255.255.255.255' };
  await t.rejects(writeRemoteSyslog(AWKWARD, target, 'authpriv'), {
    message: /^udp:\/\/255\.255\.255\.255:514: .*EACCES/,
  });
});

function targetOf(transport: 'udp' | 'tcp', port: number) {
  return { kind: 'remote', transport, host: '127.0.0.1', port } as const;
}

/** A server on loopback; `next` waits for a connection. */
async function serveTcp(t: { teardown(end: () => unknown): void }) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => new Promise((resolve) => server.close(resolve));
  t.teardown(close);
  const next = async (): Promise<Socket> => (await once(server, 'connection'))[0];
  return { port: (server.address() as AddressInfo).port, next, close };
}

/** All that comes, up to the end of the connection. */
async function textOf(connection: Socket): Promise<string> {
  let text = '';
  for await (const chunk of connection) text += chunk;
  return text;
}
