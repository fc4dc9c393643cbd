/**
 * `npm run soak -- --rounds N [--seed S]`: death in the middle of refreshes, in guests with OpenZFS. Of ten rounds seven kill
 * one process (kill.ts) and three cut the power (power.ts), both at the same time, each guest on a core of its own.
 * A line a round; the exit code is 1 when one did not go well.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PROJECT } from '../start-host.ts';
import { soakArguments } from './arguments.ts';

const { rounds, seed } = soakArguments(process.argv.slice(2), 10);
const cuts = Math.round(rounds * 0.3);
const node = ['node', '--import', 'tsx'];
const parts = [
  { rounds: rounds - cuts, argv: [join(PROJECT, 'lab/guest/run'), ...node, 'lab/soak/kill.ts'] },
  { rounds: cuts, argv: [...node, join(PROJECT, 'lab/soak/power.ts')] },
].filter(({ rounds }) => rounds > 0);

const children: ChildProcess[] = [];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}
const began = Date.now();
const went = await Promise.all(
  parts.map(({ rounds, argv }) => run([...argv, '--rounds', String(rounds), '--seed', String(seed)])),
);
const well = went.every((one) => one);
const minutes = ((Date.now() - began) / 60_000).toFixed(1);
console.log(`soak: ${rounds} rounds in ${minutes} minutes, seed ${seed}: ${well ? 'ok' : 'NOT OK'}`);
process.exitCode = well ? 0 : 1;

/** Whole lines: the two would otherwise write into each other's. @returns whether it went well. */
async function run([file = '', ...argv]: readonly string[]): Promise<boolean> {
  const child = spawn(file, argv, { cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  createInterface(child.stdout).on('line', (line) => console.log(line));
  return new Promise((resolve) => child.on('close', (code) => resolve(code === 0)));
}
