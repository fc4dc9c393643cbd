/** A pair that the backup server begins through the gate: configured, streamed whole, marked, and then refreshed as ever. */

import t, { type Test } from 'tap';
import { type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { eventually } from '../fixtures/eventually.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { epoch, type GateLab, inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { cutOff, propertyOf, receive } from '../fixtures/system/partial.ts';
import { refresh } from '../fixtures/system/refresh.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { RECURSIVE as ALL_RECURSIVE, SPELLINGS } from '../fixtures/system/spellings.ts';

const [RECURSIVE = SPELLINGS.plain] = ALL_RECURSIVE;
const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["init", "pull", "expire"]
resume = true

[[client.backup1.grant]]
dataset = "tank/new"
operations = ["init", "pull"]

[[client.backup1.grant]]
dataset = "tank/pulled"
operations = ["pull", "expire", "read", "send"]

[[client.backup1.grant]]
dataset = "tank/once"
operations = ["init"]
filters = ["lz4"]

[[client.backup1.grant]]
dataset = "tank/tree"
operations = ["init", "pull", "expire"]
recursive = true
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, ask } = gate;
  await fileserver.run(['zfs', 'create', `${gate.tank}/home`]);
  await backup.run(['zfs', 'create', `${gate.vault}/home`]);
  await gate.share();
  const testNeeding = await testsNeeding(t, fileserver, ['resume']);

  t.test('a pair is begun, and refreshes go on from there', async (t) => {
    const pair = await newPair(gate, 'home/new');
    const { source, destination } = pair;
    const first = await begun(t, gate, pair);
    t.strictSame(await pairOf(gate, source), { ...configured(pair), 'zrep:init-by': 'backup1' });
    t.equal(await propertyOf(fileserver, 'zrep:init-by', first), 'backup1', 'and on the snapshot');
    t.equal((await snapshotsOf(fileserver, source)).length, 1);

    t.equal((await receive(gate, `zrep _initpull ${first}`, [destination])).code, 0);
    await completed(t, gate, pair, first);
    t.strictSame(await pairOf(gate, source), configured(pair), 'a stream has ended well');
    await sameOnBothSides(t, gate, pair, 1);
    for (const file of ['second', 'third']) {
      await writeData(fileserver, source, file, 64);
      await refresh(t, gate, pair, SPELLINGS.plain, {});
    }
    await sameOnBothSides(t, gate, pair, 3);

    const before = await stateOf(fileserver);
    const { reason } = checkRefusal(t, await ask(initOf(pair)), 'already-initialized', 77);
    t.match(reason, new RegExp(`zrep clear ${source}$`));
    checkRefusal(t, await ask(`zrep _initpull ${first}`), 'already-sent', 77);
    checkRefusal(t, await ask(`zrep _initpull ${zrepName(source, 2)}`), 'already-sent', 77);
    t.same(await stateOf(fileserver), before, 'nothing has changed');
    const told = (await loggedOn(fileserver)).find(({ fields }) => fields['destination'] !== undefined);
    t.match(told?.fields, { event: 'result', snapshot: first, destination: `backup:${destination}` });
  });

  t.test('cut off in its stream, the same commands go on with the same snapshot', async (t) => {
    const pair = await newPair(gate, 'home/cut', 4096);
    const first = await begun(t, gate, pair);
    await receive(gate, `zrep _initpull ${first}`, [pair.destination], { cut: true });
    await eventually(
      () => propertyOf(fileserver, 'zrep:lock-pid', pair.source),
      (holder) => holder === '-',
    );
    const mark = `zrep _refreshcomplete ${first} zrep:sent=${epoch()}`;
    checkRefusal(t, await ask(mark), 'not-streamed', 77);
    t.equal(await begun(t, gate, pair), first);
    t.equal((await receive(gate, `zrep _initpull ${first}`, [pair.destination])).code, 0);
    t.equal(await begun(t, gate, pair), first, 'and once more, as long as it is not marked');
    await completed(t, gate, pair, first);
    await refresh(t, gate, pair, SPELLINGS.plain, {});
    await sameOnBothSides(t, gate, pair, 2);
  });

  t.test('half a configuration, under the lock of a process that is dead, is gone on with', async (t) => {
    const pair = await newPair(gate, 'home/half');
    const { source, destination } = pair;
    await fileserver.script(
      [
        ...['lock-pid=4194000', 'lock-time=20200101000000', `src-fs=${source}`],
        ...['src-host=fileserver', `dest-fs=${destination}`],
      ]
        .map((setting) => `zfs set zrep:${setting} ${source}`)
        .join('\n'),
    );
    t.equal(await begun(t, gate, pair), zrepName(source, 0));
    t.strictSame(await pairOf(gate, source), configured(pair));
    t.equal((await snapshotsOf(fileserver, source)).length, 1);
  });

  testNeeding(['resume'], 'a stream that was cut off is gone on with by its token', async (t) => {
    const pair = await newPair(gate, 'home/token', 4096);
    const first = await begun(t, gate, pair);
    const token = await cutOff(gate, pair.source, pair.destination, `zrep _initpull ${first}`);
    t.match(token, /^1-/);
    const resumed = await receive(gate, `zrep _initpull ${first} ${token}`, ['-s', pair.destination]);
    t.equal(resumed.code, 0, resumed.stderr);
    await completed(t, gate, pair, first);
    await refresh(t, gate, pair, SPELLINGS.plain, {});
    await sameOnBothSides(t, gate, pair, 2);
  });

  t.test('with -R the children come along', async (t) => {
    const pair = await newPair(gate, 'tree');
    const leaf = { ...pair, source: `${pair.source}/leaf`, destination: `${pair.destination}/leaf` };
    await fileserver.run(['zfs', 'create', leaf.source]);
    await writeData(fileserver, leaf.source, 'first', 64);
    const first = await begun(t, gate, pair, 'zrep -R');
    const pulled = await receive(gate, `zrep -R _initpull ${first}`, [pair.destination]);
    t.equal(pulled.code, 0, pulled.stderr);
    await completed(t, gate, pair, first);
    await refresh(t, gate, pair, RECURSIVE, { force: true });
    const [here, there] = [
      await snapshotsOf(fileserver, leaf.source),
      await snapshotsOf(backup, leaf.destination),
    ];
    t.equal(here.length, 2);
    t.same(there, here);
  });

  t.test('init alone is enough to begin a pair, through a filter, and for nothing else', async (t) => {
    const pair = await newPair(gate, 'once');
    const first = await begun(t, gate, pair);
    const filtered = `zrep _initpull ${first} | lz4`;
    const script = 'ssh fileserver "$1" | lz4 -d -c | zfs receive "$2"';
    const argv = ['bash', '-o', 'pipefail', '-c', script, 'bash', filtered, pair.destination];
    t.equal((await backup.run(argv, { allowFail: true })).code, 0);
    await completed(t, gate, pair, first);
    for (const command of [
      `zrep snaponly ${pair.source}`,
      `zrep _refreshpull ${first}`,
      `zrep expire -L ${pair.source}`,
      `zfs send ${first}`,
      `zfs list ${pair.source}`,
    ]) {
      checkRefusal(t, await ask(command), 'operation-not-granted', 77);
    }
  });

  t.test('without the grant nothing begins, nor for what is not granted or not there', async (t) => {
    const pair = await newPair(gate, 'pulled');
    const secret = await newPair(gate, 'secret');
    await fileserver.run(['zfs', 'snapshot', zrepName(pair.source, 0)]);
    const before = await stateOf(fileserver);
    checkRefusal(t, await ask(initOf(pair)), 'operation-not-granted', 77);
    checkRefusal(t, await ask(`zrep _initpull ${zrepName(pair.source, 0)}`), 'operation-not-granted', 77);
    for (const source of [secret.source, `${gate.tank}/home/missing`]) {
      const { reason } = checkRefusal(t, await ask(initOf({ ...pair, source })), 'not-granted', 77);
      t.equal(reason, `"${source}" is not granted to this client, or does not exist`);
    }
    t.same(await stateOf(fileserver), before, 'nothing has changed');
  });

  t.test('what belongs to another pair is left to it', async (t) => {
    const pair = await newPair(gate, 'home/other');
    await begun(t, gate, pair);
    await fileserver.run(['zfs', 'inherit', 'zrep:init-by', pair.source]);
    const before = await stateOf(fileserver);
    for (const other of [
      { ...pair, destination: `${gate.vault}/elsewhere` },
      { ...pair, host: 'backup2' },
    ]) {
      const { reason } = checkRefusal(t, await ask(initOf(other)), 'configured-otherwise', 77);
      t.match(reason, new RegExp(`: zrep clear ${pair.source}$`));
    }
    t.same(await stateOf(fileserver), before, 'nothing has changed');

    const copy = `${gate.tank}/home/copy`;
    await makeSource(fileserver, copy);
    await fileserver.run(['zfs', 'set', 'zrep:src-host=elsewhere', copy]);
    await fileserver.run(['zfs', 'create', `${copy}/below`]);
    for (const source of [copy, `${copy}/below`]) {
      checkRefusal(t, await ask(initOf({ ...pair, source })), 'not-master', 77);
    }
  });

  t.test('the doctor finds nothing in a grant whose pair the client can begin', async (t) => {
    await newPair(gate, 'new');
    const { stdout } = await fileserver.run(['zrep-gate', 'doctor', '--json'], { allowFail: true });
    const { findings } = JSON.parse(stdout) as { findings: { code: string; where: string }[] };
    const own = findings.filter(({ where }) => where.includes('client.backup1.grant[2]'));
    t.strictSame(own, []);
  });
});

/** A file system with something in it, and where its copy will be. */
async function newPair({ fileserver, tank, vault }: GateLab, name: string, kibibytes = 64): Promise<Pair> {
  const pair = { source: `${tank}/${name}`, destination: `${vault}/${name}`, tag: 'zrep' };
  await fileserver.run(['zfs', 'create', pair.source]);
  await writeData(fileserver, pair.source, 'first', kibibytes);
  return pair;
}

function initOf({ source, destination, host = 'backup' }: Pair & { host?: string }, word = 'zrep'): string {
  return `${word} _init ${source} ${host} ${destination} 5`;
}

/** Begins the pair; the first snapshot's name. */
async function begun(t: Test, { ask }: GateLab, pair: Pair, word?: string): Promise<string> {
  const first = zrepName(pair.source, 0);
  const expected = { code: 0, stdout: first, stderr: '' };
  const { code, stdout, stderr } = await ask(initOf(pair, word));
  t.same({ code, stdout, stderr }, expected, 'the name, and no newline');
  return first;
}

/** What the client does when it has the first snapshot. */
async function completed(
  t: Test,
  { ask, backup, fileserver }: GateLab,
  { destination }: Pair,
  first: string,
) {
  const sent = String(epoch());
  await backup.run(['zfs', 'set', `zrep:sent=${sent}`, `${destination}@zrep_000000`]);
  const { code, stdout, stderr } = await ask(`zrep _refreshcomplete ${first} zrep:sent=${sent}`);
  t.same({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
  t.equal(await propertyOf(fileserver, 'zrep:sent', first), sent, 'it is marked');
}

async function sameOnBothSides(t: Test, { fileserver, backup }: GateLab, pair: Pair, count: number) {
  const here = await snapshotsOf(fileserver, pair.source);
  t.equal(here.length, count);
  t.same(await snapshotsOf(backup, pair.destination), here);
}

/** The zrep properties that are set on `source` itself. */
async function pairOf({ fileserver }: GateLab, source: string): Promise<Record<string, string>> {
  const argv = ['zfs', 'get', '-H', '-s', 'local', '-o', 'property,value', 'all', source];
  const rows = (await fileserver.run(argv)).stdout.split('\n').map((line) => line.split('\t'));
  return Object.fromEntries(rows.filter(([name]) => name?.startsWith('zrep:')));
}

function configured({ source, destination }: Pair): Record<string, string> {
  return {
    'zrep:src-fs': source,
    'zrep:src-host': 'fileserver',
    'zrep:dest-fs': destination,
    'zrep:dest-host': 'backup',
    'zrep:savecount': '5',
    'zrep:master': 'yes',
  };
}
