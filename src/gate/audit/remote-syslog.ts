/**
 * A syslog server, over UDP or TCP, by syslog-client, which connects, times out and reports errors.
 *
 * It knows neither structured data nor TCP framing and lets newlines through, so its messages are replaced by
 * ours: RFC 5424, over TCP with the length in front (RFC 6587, 3.4.1). That UDP loses a datagram nobody hears.
 */

import { hostname } from 'node:os';
import { Client, Transport } from 'syslog-client';
import type { SyslogTarget } from '../../policy/policy.ts';
import { formatRfc5424 } from './format.ts';
import type { AuditRecord } from './record.ts';

/** Milliseconds. */
const LIMIT = 2000;

type RemoteTarget = Extract<SyslogTarget, { kind: 'remote' }>;

/**
 * Sends `record` to `target`.
 *
 * @throws Error when it could not be handed to the network in time.
 */
export async function writeRemoteSyslog(
  record: AuditRecord,
  target: RemoteTarget,
  facility: string,
): Promise<void> {
  const tcp = target.transport === 'tcp';
  const client = new Client(target.host, {
    port: target.port,
    transport: tcp ? Transport.Tcp : Transport.Udp,
    tcpTimeout: LIMIT,
  });
  const message = Buffer.from(formatRfc5424(record, facility, hostname(), process.pid));
  client.buildFormattedMessage = () =>
    tcp ? Buffer.concat([Buffer.from(`${message.length} `), message]) : message;
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${LIMIT} ms`)), LIMIT);
      client.on('error', reject);
      client.log('', (error) => (error ? reject(error) : resolve()));
    });
  } catch (error) {
    throw new Error(`${target.transport}://${target.host}:${target.port}: ${(error as Error).message}`);
  } finally {
    clearTimeout(timer);
    // It emits "error" and "close" while it closes, which by now mean nothing.
    client.removeAllListeners().on('error', () => {});
    client.close();
  }
}
