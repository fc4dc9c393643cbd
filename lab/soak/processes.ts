/** The processes of a host, seen from outside: by their process namespace, without starting any. */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Host } from '../host.ts';

export interface Found {
  /** As seen from outside the host. */
  readonly pid: number;
  readonly words: readonly string[];
}

export function processesOn(host: Host): Found[] {
  const own = readlinkSync(`/proc/${host.pid}/ns/pid`);
  const found: Found[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readlinkSync(`/proc/${name}/ns/pid`) !== own) continue;
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').slice(0, -1);
      if (words.length > 0) found.push({ pid: Number(name), words });
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

export type Victim = 'client' | 'ssh' | 'zfs receive' | "sshd's session" | 'gate' | 'zfs send';

interface Kind {
  readonly on: 'fileserver' | 'backup';
  is(words: readonly string[]): boolean;
}

export const VICTIMS: Readonly<Record<Victim, Kind>> = {
  client: { on: 'backup', is: ([file = '']) => ['bash', 'ssh', 'zfs'].includes(file) },
  ssh: { on: 'backup', is: ([file = '']) => file === 'ssh' },
  'zfs receive': { on: 'backup', is: ([file, verb]) => file === 'zfs' && verb === 'receive' },
  "sshd's session": { on: 'fileserver', is: ([title = '']) => title.startsWith('sshd: root') },
  gate: { on: 'fileserver', is: (words) => words.some((word) => word.endsWith('/zrep-gate')) },
  'zfs send': { on: 'fileserver', is: ([file = '', verb]) => file.endsWith('/zfs') && verb === 'send' },
};
