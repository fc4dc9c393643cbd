/** Where the power is cut, and the zfs that waits there for it. */

import type { Host } from '../host.ts';
import type { Random } from './random.ts';

/** For the policy's `zfs =`. */
export const HALTING_ZFS = '/usr/local/sbin/zfs-halting';

const PLAN = '/run/lab/halt';
const HALTED = '/run/lab/halted';

export interface Cut {
  readonly name: string;
  /** Before zfs does what it was called for, after it has, or in the middle of its output. */
  readonly when: 'before' | 'within' | 'after';
  /** Of the words zfs is called with. */
  readonly call: string;
}

/** By a call of its own, or by a channel program; not of a bookmark, which goes beside the stream. */
const DESTROY = '^destroy [^#]*$|^program .* destroy ';
const SNAPSHOT = '^snapshot |^program .* snapshot ';

const STREAMING: Cut = { name: 'in the middle of the stream', when: 'within', call: '^send ' };
const EXPIRING: readonly Cut[] = [
  { name: 'before the first destroy of expire', when: 'before', call: DESTROY },
  { name: 'after the first destroy of expire', when: 'after', call: DESTROY },
];
const MARKING: readonly Cut[] = [
  { name: 'between the marks of the two sides', when: 'before', call: '^set .*zrep:sent=' },
  { name: 'after the mark, which the client does not hear of', when: 'after', call: '^set .*zrep:sent=' },
];
const REST: readonly Cut[] = [
  { name: 'while the lock was being taken', when: 'after', call: '^set .*zrep:lock-' },
  { name: 'before the snapshot', when: 'before', call: SNAPSHOT },
  { name: 'after the snapshot, which the client does not hear of', when: 'after', call: SNAPSHOT },
];

/** The first three are of the stream, of expire and of the marks; what comes later may be elsewhere. */
export function planCuts(random: Random, rounds: number): Cut[] {
  const cuts: Cut[] = [];
  while (cuts.length < rounds) {
    const main = [STREAMING, random.pick(EXPIRING), random.pick(MARKING)];
    cuts.push(...random.shuffle(cuts.length === 0 ? main : [...main, random.pick(REST)]));
  }
  return cuts.slice(0, rounds);
}

/** Puts the wrapper there, which is plain zfs until it has a plan. */
export async function installHaltingZfs(host: Host): Promise<void> {
  const script = `#!/bin/bash
zfs() { /usr/sbin/zfs "$@"; }
halt() { : >${HALTED}; sleep 1000; }
read -r when call 2>/dev/null <${PLAN} && [[ $* =~ $call ]] || exec /usr/sbin/zfs "$@"
case $when in
  before) halt ;;
  within) zfs "$@" | { head -c 3000000; halt; } ;;
  after) zfs "$@"; halt ;;
esac
`;
  await host.writeFile(HALTING_ZFS, script, { mode: 0o755 });
}

/** From now on zfs halts at this point. */
export async function haltAt(host: Host, { when, call }: Cut): Promise<void> {
  await host.writeFile(PLAN, `${when} ${call}\n`);
}

/** Resolves once zfs has halted. @throws Error when that takes longer than five minutes. */
export async function halted(host: Host): Promise<void> {
  await host.run(['sh', '-c', `until [ -e ${HALTED} ]; do sleep 0.2; done`], { timeoutMs: 300_000 });
}
