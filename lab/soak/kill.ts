/**
 * Kills one process in the middle of each round's refresh, and sees whether the next refresh recovers by itself.
 *
 *   lab/guest/run node --import tsx lab/soak/kill.ts --rounds N --seed S
 *
 * In a guest with OpenZFS: zfs-fuse's daemon goes on streaming when `zfs send` is killed. The exit code is 1 when a
 * round did not end well; the same seed makes the same plans, whatever the machine makes of the moments.
 */

import { writeData } from '../pair.ts';
import { soakArguments } from './arguments.ts';
import { Assassin, makePlan, type Plan } from './assassin.ts';
import { checkKept, checkRecovered, type History } from './checks.ts';
import { type Refreshed, refresh } from './client.ts';
import { VICTIMS, type Victim } from './processes.ts';
import { seededRandom } from './random.ts';
import { recover } from './recover.ts';
import { startSetting } from './setting.ts';

const KIBIBYTES = 8 * 1024;

const { rounds, seed } = soakArguments(process.argv.slice(2), 7);
const random = seededRandom(seed);
const history: History = new Map();
const setting = await startSetting();
try {
  process.exitCode = await soak();
} finally {
  await setting.stop();
}

async function soak(): Promise<number> {
  await writeData(setting.fileserver, setting.pair.source, 'noise', KIBIBYTES);
  const first = await refresh(setting, new Assassin(setting));
  if (!first.done)
    return giveUp('the first refresh, which nobody disturbed', [`${first.step}: ${first.why}`]);
  console.log(`kill: seed ${seed}; undisturbed, a refresh takes ${Assassin.describeDurations()}`);
  await checkKept(history, setting);
  let victims: Victim[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    if (victims.length === 0) victims = random.shuffle(Object.keys(VICTIMS) as Victim[]);
    const plan = makePlan(random, victims.shift() as Victim);
    const problems = await round(number, plan);
    if (problems.length > 0) return giveUp(`round ${number}`, problems);
  }
  console.log(`kill: ${rounds} rounds went well (seed ${seed})`);
  return 0;
}

/** @returns what is wrong. */
async function round(number: number, plan: Plan): Promise<string[]> {
  await writeData(setting.fileserver, setting.pair.source, 'noise', KIBIBYTES);
  const assassin = new Assassin(setting, plan);
  const interrupted = await refresh(setting, assassin);
  const problems = await checkKept(history, setting);
  const { refreshed, seconds, waited } = await recover(setting, new Assassin(setting));
  if (refreshed.done) problems.push(...(await checkRecovered(history, setting, refreshed.snapshot)));
  else problems.push(`the next refresh failed: ${refreshed.step}: ${refreshed.why}`);
  console.log(
    `kill ${number}/${rounds}: ${describePlan(plan, assassin.struck)}: ${describeEnd(interrupted)}; ` +
      `recovered in ${seconds} s${waited.map((what) => `, after ${what}`).join('')}` +
      `: ${problems.length === 0 ? 'ok' : 'NOT OK'}`,
  );
  return problems;
}

function describePlan({ victim, signal, step }: Plan, struck: number | undefined): string {
  if (struck === undefined) return `${signal} for ${victim} in "${step}", which had ended before`;
  return `${signal} to ${victim}, ${(struck / 1000).toFixed(1)} s into "${step}"`;
}

function describeEnd(refreshed: Refreshed): string {
  if (refreshed.done) return 'the refresh went on to its end';
  return `it ended at "${refreshed.step}" (${refreshed.why.split('\n')[0]})`;
}

async function giveUp(what: string, problems: readonly string[]): Promise<number> {
  console.log(`kill: ${what} did not end well; again with: --rounds ${rounds} --seed ${seed}`);
  for (const problem of problems) console.log(`  ${problem}`);
  const { stdout } = await setting.fileserver.script('grep zrep-gate /var/log/auth.log | tail -n 20');
  console.log(stdout);
  return 1;
}
