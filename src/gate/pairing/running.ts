/** The gates that run for a client: found by what they were started with, and ended by their number. */

import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DEFAULT_POLICY } from '../../policy/load.ts';
import { argvOf, startTicks } from '../../process/liveness.ts';

/** A gate that is told to end releases its lock, and writes its record. Milliseconds. */
const ENDS_WITHIN = 15_000;
/** Milliseconds between two looks. */
const LOOK = 50;

export interface RunningGate {
  readonly pid: number;
  /** With the number, a name that no other process has. */
  readonly ticks: number;
  /** The sshd of its connection; undefined where none is above it. */
  readonly connection: number | undefined;
}

/** Whose gates are meant. */
export interface GateOwner {
  readonly client: string;
  /** The policy that they go by. */
  readonly policyPath: string;
  /** The gate that asks; what runs is of any version beside it. */
  readonly program: string;
}

export function runningGates(owner: GateOwner): RunningGate[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isGateOf(argvOf(pid) ?? [], owner) && runsNode(pid))
    .flatMap((pid) => {
      const ticks = startTicks(pid);
      return ticks === undefined ? [] : [{ pid, ticks, connection: connectionOf(pid) }];
    });
}

/** `node /usr/bin/zrep-gate serve CLIENT [--policy FILE]`, as the launcher starts it. Pure. */
export function isGateOf(argv: readonly string[], { client, policyPath, program }: GateOwner): boolean {
  const [, script = '', verb, who, option, policy] = argv;
  if (verb !== 'serve' || who !== client || !script.startsWith('/')) return false;
  if (((option === '--policy' && policy) || DEFAULT_POLICY) !== policyPath) return false;
  return script === program || /^zrep-gate(?:\.cjs)?$/.test(basename(script));
}

/** A process can call itself anything; which file it runs, the kernel knows. */
function runsNode(pid: number): boolean {
  try {
    const file = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
    return file === realpathSync(process.execPath) || /^node(?:js)?$/.test(basename(file));
  } catch {
    return false;
  }
}

/** The nearest sshd above it. */
function connectionOf(pid: number): number | undefined {
  for (let at = parentOf(pid), steps = 0; at > 1 && steps < 10; at = parentOf(at), steps += 1)
    if (isConnection(at)) return at;
  return undefined;
}

/** True for a process of sshd's: `sshd`, and `sshd-session` from OpenSSH 9.8 on. */
export function isConnection(pid: number): boolean {
  return /^sshd/.test(nameOf(pid));
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  } catch {
    return '';
  }
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Ends them, and waits for it; the answer is those that run on. */
export async function endGates(gates: readonly RunningGate[]): Promise<RunningGate[]> {
  const isThere = ({ pid, ticks }: RunningGate) => startTicks(pid) === ticks;
  for (const gate of gates.filter(isThere)) {
    try {
      process.kill(gate.pid, 'SIGTERM');
      // One that was stopped does not get it before.
      process.kill(gate.pid, 'SIGCONT');
    } catch {
      // It has ended.
    }
  }
  const end = performance.now() + ENDS_WITHIN;
  while (gates.some(isThere) && performance.now() < end) await wait(LOOK);
  return gates.filter(isThere);
}
