/** Which seats a command takes, for how long, and what is said where there is none. */

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t, { type Test } from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Pipeline } from '../../src/command/request.ts';
import { admit, admitSession } from '../../src/gate/admission.ts';
import { type Allowed, decide } from '../../src/policy/decide.ts';
import { startTicks } from '../../src/process/liveness.ts';
import { ASKER, makeFolder, policyOf } from '../fixtures/gate/policy.ts';

const policy = await policyOf(`
[client.backup1]
sessions = 3
streams = 2
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire", "read", "send", "init"]
streams-per-dataset = 1
`);

const PULL = 'zrep _refreshpull tank/home/a@zrep_00000a';
const NO_STREAM = [
  'zrep snaponly tank/home/a',
  'zrep _refreshcomplete tank/home/a@zrep_00000a zrep:sent=1700000000',
  'zrep expire -L tank/home/a',
  'zrep _init tank/home/a backup vault/a 5',
  'zfs list tank/home/a',
  'zfs get name tank/home/a',
  'zfs send -nP tank/home/a@zrep_00000a',
];
const SESSION = ['sessions/backup1'];
const STREAM = ['datasets/backup1/tank%home%a', 'sessions/backup1', 'streams/backup1'];

function allowed(command: string): Allowed {
  return decide(policy, ASKER, parse(command) as Pipeline) as Allowed;
}

/** The places in `rundir` where somebody sits. */
function seatsIn(rundir: string): string[] {
  const names = readdirSync(rundir, { recursive: true, encoding: 'utf8' });
  const taken = names.filter((name) => /\/\d+-\d+$/.test(name)).map((name) => dirname(name));
  return taken.map((name) => name.replace('zrep-gate/', '')).sort();
}

/** Puts so many live processes of another program at `place`. */
function occupy(t: Test, rundir: string, place: string, count: number): void {
  mkdirSync(`${rundir}/zrep-gate/${place}`, { recursive: true });
  for (let number = 0; number < count; number += 1) {
    const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
    t.teardown(() => child.kill('SIGKILL'));
    const pid = child.pid as number;
    writeFileSync(`${rundir}/zrep-gate/${place}/${pid}-${startTicks(pid)}`, '');
  }
}

t.test('every command sits among the sessions, and a stream also among the streams', async (t) => {
  const rundir = makeFolder(t);
  for (const command of NO_STREAM) {
    t.same(await admit(rundir, allowed(command), async () => seatsIn(rundir)), SESSION, command);
  }
  for (const command of [
    PULL,
    'zrep _initpull tank/home/a@zrep_00000a',
    'zfs send tank/home/a@zrep_00000a',
  ]) {
    t.same(await admit(rundir, allowed(command), async () => seatsIn(rundir)), STREAM, command);
  }
});

t.test('however the work ends, its seats are free again and their folders gone', async (t) => {
  const rundir = makeFolder(t);
  await admit(rundir, allowed(PULL), async () => 'done');
  t.same(seatsIn(rundir), []);
  await t.rejects(
    admit(rundir, allowed(PULL), () => Promise.reject(new Error('failed'))),
    { message: 'failed' },
  );
  t.same(seatsIn(rundir), []);
  t.notOk(readdirSync(`${rundir}/zrep-gate/datasets/backup1`).length, 'the client named that folder');
});

/** [the place, how many sit there, the refusal's code and how it ends]. */
const FULL: [string, number, string, RegExp][] = [
  ['sessions/backup1', 3, 'too-many-sessions', /has 3 commands .*\(sessions = 3\); try again when one has ended$/],
  ['streams/backup1', 2, 'too-many-streams', /has 2 streams .*\(streams = 2\); try again when one has ended$/],
  [
    'datasets/backup1/tank%home%a', 1, 'too-many-streams-of-dataset',
    /has 1 streams of tank\/home\/a .*\(streams-per-dataset = 1\); try again when one has ended$/,
  ],
]; // biome-ignore format: one table

t.test('where a limit is reached the work does not begin, and the refusal names the limit', async (t) => {
  for (const [place, count, code, reason] of FULL) {
    const rundir = makeFolder(t);
    occupy(t, rundir, place, count);
    const refusal = await admit(rundir, allowed(PULL), async () => t.fail('this must not run'));
    t.match(refusal, { refused: code, reason }, place);
    t.same(seatsIn(rundir), Array(count).fill(place), 'and it sits nowhere');
  }
});

t.test('a stream of a whole tree is one of each dataset in it that has a grant of its own', async (t) => {
  const tree = await policyOf(`
[client.backup1]
[[client.backup1.grant]]
dataset = "tank"
subtree = true
operations = ["pull"]
recursive = true
[[client.backup1.grant]]
dataset = "tank/home/own"
operations = ["pull"]
recursive = true
streams-per-dataset = 1
`);
  const whole = (command: string) => decide(tree, ASKER, parse(command) as Pipeline) as Allowed;
  const rundir = makeFolder(t);
  const seats = async (command: string) =>
    (await admit(rundir, whole(command), async () => seatsIn(rundir))) as string[];
  const own = 'datasets/backup1/tank%home%own';
  t.same((await seats('zrep -R _refreshpull tank/home@zrep_00000a')).slice(0, 2), [
    'datasets/backup1/tank%home',
    own,
  ]);
  t.notOk((await seats('zrep _refreshpull tank/home@zrep_00000a')).includes(own));
  t.notOk((await seats('zrep -R _refreshpull tank/other@zrep_00000a')).includes(own));
  occupy(t, rundir, own, 1);
  const refusal = await admit(rundir, whole('zrep -R _refreshpull tank/home@zrep_00000a'), async () =>
    t.fail('this must not run'),
  );
  t.match(refusal, { refused: 'too-many-streams-of-dataset', reason: /1 streams of tank\/home\/own / });
});

t.test('one less than the limit leaves room for one', async (t) => {
  const rundir = makeFolder(t);
  occupy(t, rundir, 'sessions/backup1', 2);
  occupy(t, rundir, 'streams/backup1', 1);
  t.equal(await admit(rundir, allowed(PULL), async () => 'done'), 'done');
});

t.test('full streams do not keep what is none, and other clients and datasets are others', async (t) => {
  const rundir = makeFolder(t);
  for (const place of ['streams/backup1', 'sessions/backup2', 'datasets/backup1/tank%home%b']) {
    occupy(t, rundir, place, 3);
  }
  for (const command of NO_STREAM) {
    t.equal(await admit(rundir, allowed(command), async () => 'done'), 'done', command);
  }
  const other = makeFolder(t);
  occupy(t, other, 'datasets/backup1/tank%home%b', 3);
  t.equal(await admit(other, allowed(PULL), async () => 'done'), 'done');
});

t.test('the longest name has a seat of its own', async (t) => {
  const rundir = makeFolder(t);
  const dataset = `tank/home/${'x'.repeat(233)}`;
  const pull = `zrep _refreshpull ${dataset}@zrep_00000a`;
  t.equal(`${dataset}@zrep_00000a`.length, 255);
  t.equal(await admit(rundir, allowed(pull), async () => 'done'), 'done');
});

t.test('where nothing can be counted nothing is done, and the log has the reason', async (t) => {
  const rundir = makeFolder(t);
  writeFileSync(`${rundir}/zrep-gate`, '');
  const refusal = await admit(rundir, allowed(PULL), async () => t.fail('this must not run'));
  t.match(refusal, {
    refused: 'limits-unavailable',
    reason: /zrep-gate\/sessions\/backup1 on the fileserver is not a folder that can be written to/,
    detail: /ENOTDIR/,
  });
});

t.test('half as many sessions can be open as commands can be at work, and they sit apart', async (t) => {
  const rundir = makeFolder(t);
  const { client } = allowed(PULL);
  t.same(await admitSession(rundir, client, async () => seatsIn(rundir)), ['open/backup1']);
  occupy(t, rundir, 'sessions/backup1', 3);
  occupy(t, rundir, 'open/backup1', 1);
  t.equal(await admitSession(rundir, client, async () => 'done'), 'done', 'commands at work are others');
  occupy(t, rundir, 'open/backup1', 1);
  t.match(await admitSession(rundir, client, async () => t.fail('this must not run')), {
    refused: 'too-many-open-sessions',
    reason: /has 2 sessions open already, .*\(sessions = 3\)/,
  });
});
