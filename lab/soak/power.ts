/**
 * Cuts the guest's power in the middle of each round's refresh, boots it again, and sees whether the next refresh recovers
 * by itself. Runs on the machine:
 *
 *   node --import tsx lab/soak/power.ts --rounds N --seed S
 *
 * The power cut is the guest killed. The pools are on two disks that outlive it, and what had been written to them but not
 * flushed is really gone: it was in the guest's memory, in the cache of the loop device below each pool.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PROJECT } from '../start-host.ts';
import { soakArguments } from './arguments.ts';
import { seededRandom } from './random.ts';

/** From power on to the cut, on a busy machine. Milliseconds. */
const PATIENCE = 300_000;
/** ZFS writes a transaction group every five seconds: the cut is before, in or after one. Milliseconds. */
const DALLYING = 6000;
const MEGABYTES = 512;

const { rounds, seed } = soakArguments(process.argv.slice(2), 3);
// Its own sequence: the guest draws its plans from the seed itself.
const random = seededRandom(seed + 1);
const folder = mkdtempSync(join(tmpdir(), 'zrep-gate-soak-'));
let guest: ChildProcess | undefined;
let ended = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    ended = true;
    guest?.kill('SIGTERM');
  });
}
try {
  process.exitCode = await soak();
} finally {
  rmSync(folder, { recursive: true });
}

async function soak(): Promise<number> {
  const disks = ['tank.img', 'vault.img'].map((name) => join(folder, name));
  for (const disk of disks) {
    writeFileSync(disk, '');
    truncateSync(disk, MEGABYTES * 1024 * 1024);
  }
  mkdirSync(join(folder, 'stage'));
  // Before there is a limit on how long a boot takes.
  execFileSync(join(PROJECT, 'lab/guest/build'), { stdio: 'inherit' });
  let history = '[]';
  for (let boot = 0; boot <= rounds; boot += 1) {
    const told = await bootOnce(boot, disks, history);
    if (told === undefined) {
      console.log(`power: this did not end well; again with: --rounds ${rounds} --seed ${seed}`);
      return 1;
    }
    history = told;
  }
  console.log(`power: ${rounds} rounds went well (seed ${seed})`);
  return 0;
}

/** From power on to the cut, or to the end of the last boot. @returns the history; undefined when it did not go well. */
async function bootOnce(boot: number, disks: readonly string[], before: string): Promise<string | undefined> {
  if (ended) return undefined;
  const own = ['--stage', join(folder, 'stage'), ...disks.flatMap((disk) => ['--disk', disk])];
  const plan = ['--rounds', rounds, '--seed', seed, '--boot', boot, '--history', before].map(String);
  const command = ['node', '--import', 'tsx', 'lab/soak/cut.ts', ...plan];
  // Standard error is the guest's log at its end, of interest only where the end was not ours.
  const child = spawn(join(PROJECT, 'lab/guest/run'), [...own, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  guest = child;
  let history: string | undefined;
  let cut = false;
  const cutPower = () => child.kill('SIGTERM');
  const late = setTimeout(cutPower, PATIENCE);
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('history: ')) history = line.slice('history: '.length);
    else if (line.startsWith('step: ')) {
      cut = true;
      setTimeout(cutPower, random.number() * DALLYING);
    } else console.log(line);
  });
  const [code] = await once(child, 'close');
  clearTimeout(late);
  if (boot === rounds) return code === 0 ? before : undefined;
  return cut && !ended ? history : undefined;
}
