/** How the two hosts reach each other: a cable between their network namespaces, or the machine's loopback. */

import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** With 'loopback' the hosts share the machine's network, and each has an address of 127.0.0.0/8. */
export type NetworkKind = 'veth' | 'loopback';

/** Where a host's services are. */
export interface Seat {
  readonly address: string;
  readonly sshPort: number;
  readonly syslogPort: number;
}

/** What this machine can do; LAB_NETWORK=loopback in the environment asks for the lesser one. */
export function networkKind(): NetworkKind {
  if (process.env['LAB_NETWORK'] === 'loopback') return 'loopback';
  const probe = 'ip link add probe0 type veth peer name probe1';
  const { status } = spawnSync('unshare', ['--net', '--', 'sh', '-c', probe], { stdio: 'ignore' });
  return status === 0 ? 'veth' : 'loopback';
}

/** The two hosts' addresses and ports; on a shared loopback the ports are free ones. */
export async function seats(kind: NetworkKind): Promise<{ fileserver: Seat; backup: Seat }> {
  if (kind === 'veth') {
    return {
      fileserver: { address: '10.77.0.1', sshPort: 22, syslogPort: 514 },
      backup: { address: '10.77.0.2', sshPort: 22, syslogPort: 514 },
    };
  }
  return { fileserver: await loopbackSeat('127.0.77.1'), backup: await loopbackSeat('127.0.77.2') };
}

/** Plugs the cable: one device `lab0` in each host, nothing in the machine's own namespace. */
export function joinHosts(kind: NetworkKind, first: number, second: number): void {
  if (kind === 'loopback') return;
  const ends = `lab0 netns ${first} type veth peer name lab0 netns ${second}`;
  const { status, stderr } = spawnSync('ip', ['link', 'add', ...ends.split(' ')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the hosts' network cannot be made: ${stderr}`);
}

async function loopbackSeat(address: string): Promise<Seat> {
  return { address, sshPort: await freePort(address, false), syslogPort: await freePort(address, true) };
}

/** A port free for TCP and, where asked for, for UDP. Taken a moment later, by whoever is first. */
async function freePort(address: string, alsoUdp: boolean): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, address);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const free = !alsoUdp || (await isUdpFree(address, port));
    server.close();
    await once(server, 'close');
    if (free) return port;
  }
}

async function isUdpFree(address: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
