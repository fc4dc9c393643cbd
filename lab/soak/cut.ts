/**
 * One boot of the guest between two power cuts: recovers from the one before, then walks into the next one.
 *
 *   node --import tsx lab/soak/cut.ts --rounds N --seed S --boot B --history JSON
 *
 * lab/soak/power.ts boots it N + 1 times on the same two disks, and cuts the power when a line begins with "step: ".
 * What there was on the fileserver it says on lines "history: …", for the next boot: whatever is kept in the guest could be
 * lost with it.
 */

import { type Lab, startLab } from '../lab.ts';
import { makePair, type Pair, writeData } from '../pair.ts';
import { bootArguments } from './arguments.ts';
import { checkKept, checkRecovered, type History } from './checks.ts';
import { refresh } from './client.ts';
import { type Cut, HALTING_ZFS, haltAt, halted, installHaltingZfs, planCuts } from './cuts.ts';
import { seededRandom } from './random.ts';
import { recover } from './recover.ts';
import { installGateOn, SAVECOUNT, type Setting, SHARED, shareConnection } from './setting.ts';

const { rounds, seed, boot, history: json } = bootArguments(process.argv.slice(2));
const cuts = planCuts(seededRandom(seed), rounds);
const history: History = new Map(JSON.parse(json) as [string, string][]);

const lab = await startLab({
  pools: {
    fileserver: { name: 'tank', mountpoint: '/tank', device: '/dev/ubdc', exists: boot > 0 },
    backup: { name: 'vault', mountpoint: '/vault', device: '/dev/ubdd', exists: boot > 0 },
  },
});
try {
  process.exitCode = await run();
} finally {
  await lab.stop();
}

async function run(): Promise<number> {
  await installHaltingZfs(lab.fileserver);
  await installGateOn(lab, { zfs: HALTING_ZFS });
  const pair: Pair =
    boot === 0
      ? await makePair(lab, 'home', { savecount: SAVECOUNT })
      : { source: 'tank/home', destination: 'vault/home', tag: 'zrep' };
  const setting = { ...lab, pair, spared: await shareConnection(lab) };
  const last = cuts[boot - 1];
  if (last !== undefined && !(await recoverFrom(setting, last))) return 1;
  const next = cuts[boot];
  if (next !== undefined) await walkInto(setting, next);
  return 0;
}

async function recoverFrom(setting: Setting, { name }: Cut): Promise<boolean> {
  const problems = await checkKept(history, setting);
  const lock = await lockOf(lab, setting.pair);
  const { refreshed, seconds, waited } = await recover(setting, {});
  if (refreshed.done) problems.push(...(await checkRecovered(history, setting, refreshed.snapshot)));
  else problems.push(`the next refresh failed: ${refreshed.step}: ${refreshed.why}`);
  const found = lock === '' ? 'no lock was left' : `the lock of pid ${lock} was left`;
  console.log(
    `power ${boot}/${rounds}: cut ${name}: ${found}; recovered in ${seconds} s` +
      `${waited.map((what) => `, after ${what}`).join('')}: ${problems.length === 0 ? 'ok' : 'NOT OK'}`,
  );
  for (const problem of problems) console.log(`  ${problem}`);
  return problems.length === 0;
}

/** A refresh with something to send and something to expire, which stops at the cut. */
async function walkInto(setting: Setting, cut: Cut): Promise<void> {
  const { fileserver, backup, pair } = setting;
  await writeData(fileserver, pair.source, 'noise', 8 * 1024);
  for (let extra = 0; extra < 2; extra += 1)
    await backup.run(['ssh', ...SHARED, fileserver.name, `zrep snaponly ${pair.source}`]);
  await haltAt(fileserver, cut);
  const refreshing = refresh(setting).then((refreshed) => {
    throw new Error(`the refresh went past its cut: ${JSON.stringify(refreshed)}`);
  });
  await Promise.race([refreshing, halted(fileserver)]);
  await checkKept(history, setting);
  console.log(`history: ${JSON.stringify([...history])}`);
  console.log(`step: ${cut.name}`);
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}

async function lockOf({ fileserver }: Lab, { source, tag }: Pair): Promise<string> {
  const argv = ['zfs', 'get', '-H', '-o', 'value', '-s', 'local', `${tag}:lock-pid`, source];
  return (await fileserver.run(argv)).stdout.trim();
}
