/** A set-up that its client takes back or redirects, through the gate, on real ZFS; and everything that keeps it from that. */

import t, { type Test } from 'tap';
import { type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { epoch, type GateLab, inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { insist } from '../fixtures/system/insist.ts';
import { propertyOf, receive } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { zrepName } from '../fixtures/system/source.ts';

const GRANT = `dataset = "tank/home"
subtree = true
recursive = true
operations = ["init"]
`;
const POLICY = `
[client.backup1]
[[client.backup1.grant]]
${GRANT}
[client.backup2]
[[client.backup2.grant]]
${GRANT}`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, ask } = gate;
  await fileserver.run(['zfs', 'create', `${gate.tank}/home`]);
  await gate.backup.run(['zfs', 'create', `${gate.vault}/home`]);
  await gate.share();

  /** Every property there, but when the list of snapshots last changed. */
  const stateThere = async () =>
    (await stateOf(fileserver)).filter((line) => !line.includes('\tsnapshots_changed\t'));

  /** The same command by another key: what sshd would run for it. */
  const askAsOther = (command: string) =>
    fileserver.run(['env', `SSH_ORIGINAL_COMMAND=${command}`, 'zrep-gate', 'serve', 'backup2'], {
      allowFail: true,
    });

  t.test('what init did is gone, and all else is as it was', async (t) => {
    const pair = await newPair(gate, 'back');
    await fileserver.run(['zfs', 'snapshot', `${pair.source}@daily`]);
    const before = await stateThere();
    await begun(t, gate, pair);
    t.match(await ask(takeBack(pair)), { code: 0, stdout: '', stderr: '' });
    t.same(await stateThere(), before, 'every property of every dataset');
    checkRefusal(t, await ask(takeBack(pair)), 'not-set-up', 77);
    t.match(await askAsOther(initOf(pair)), { code: 0 }, 'and another client can begin it');
    checkRefusal(t, await ask(takeBack(pair)), 'set-up-by-other', 77);
  });

  t.test('with -R those of the children go along', async (t) => {
    const pair = await newPair(gate, 'tree');
    await fileserver.run(['zfs', 'create', `${pair.source}/leaf`]);
    const before = await stateThere();
    await begun(t, gate, pair, 'zrep -R');
    t.equal((await snapshotsOf(fileserver, `${pair.source}/leaf`)).length, 1);
    t.match(await ask(takeBack(pair, 'zrep -R')), { code: 0, stderr: '' });
    t.same(await stateThere(), before);
  });

  t.test('its client redirects it, and an undo of the first destination takes nothing back', async (t) => {
    const pair = await newPair(gate, 'redirected');
    const other = { ...pair, destination: `${gate.vault}/elsewhere` };
    await begun(t, gate, pair);
    const [made] = await snapshotsOf(fileserver, pair.source);
    await begun(t, gate, other);
    t.same(await snapshotsOf(fileserver, pair.source), [made], 'with the same snapshot');
    t.equal(await propertyOf(fileserver, 'zrep:dest-fs', pair.source), other.destination);
    checkRefusal(t, await ask(takeBack(pair)), 'configured-otherwise', 77);
    t.match(await ask(takeBack(other)), { code: 0, stderr: '' });
  });

  t.test('a stolen key of another client takes nothing back, and redirects nothing', async (t) => {
    const pair = await newPair(gate, 'others');
    await begun(t, gate, pair);
    const before = await stateThere();
    checkRefusal(t, await askAsOther(takeBack(pair)), 'set-up-by-other', 77);
    checkRefusal(t, await askAsOther(initOf({ ...pair, destination: 'x/y' })), 'configured-otherwise', 77);
    t.match(await askAsOther(initOf(pair)), { code: 0 }, 'it can say the very same');
    checkRefusal(t, await askAsOther(takeBack(pair)), 'set-up-by-other', 77);
    t.same(await stateThere(), before, 'nothing has changed');
  });

  t.test('an undo that is sent again after the snapshot came across destroys nothing', async (t) => {
    const pair = await newPair(gate, 'across');
    const first = await begun(t, gate, pair);
    t.match(await ask(takeBack(pair)), { code: 0 });
    t.equal(await begun(t, gate, pair), first);
    t.equal((await receive(gate, `zrep _initpull ${first}`, [pair.destination])).code, 0);
    const before = await stateThere();
    checkRefusal(t, await ask(takeBack(pair)), 'already-streamed', 77);
    checkRefusal(t, await ask(initOf({ ...pair, destination: 'x/y' })), 'configured-otherwise', 77);
    t.same(await stateThere(), before, 'nothing has changed');
    t.equal((await ask(`zrep _refreshcomplete ${first} zrep:sent=${epoch()}`)).code, 0);
    checkRefusal(t, await ask(takeBack(pair)), 'already-initialized', 77);
  });

  t.test('while a stream of it runs, the lock keeps it', async (t) => {
    const pair = await newPair(gate, 'streaming', 8192);
    const first = await begun(t, gate, pair);
    // The reader asks in the middle of the stream that it reads.
    const script = [
      `ssh fileserver 'zrep _initpull ${first}' | {`,
      '  head -c 4096 >/dev/null',
      `  ssh fileserver '${takeBack(pair)}' >&2 || echo "ended with $?" >&2`,
      '  cat >/dev/null',
      '}',
    ].join('\n');
    const { stderr } = await gate.backup.script(script, { allowFail: true });
    t.match(stderr, /refused \(lock-busy\)[\s\S]*ended with 75/);
    t.equal((await snapshotsOf(fileserver, pair.source)).length, 1);
  });

  t.test('a hold or a clone keeps all of it', async (t) => {
    const pair = await newPair(gate, 'kept');
    const first = await begun(t, gate, pair);
    await fileserver.run(['zfs', 'hold', 'mine', first]);
    const held = await ask(takeBack(pair));
    // zfs-fuse counts holds as well.
    t.not(held.code, 0);
    t.match(held.stderr, /refused \(snapshot-held\)|it's being held|dataset is busy/);
    await fileserver.run(['zfs', 'release', 'mine', first]);
    await fileserver.run(['zfs', 'clone', first, `${gate.tank}/clone`]);
    const before = await stateThere();
    const cloned = await ask(takeBack(pair));
    t.not(cloned.code, 0);
    t.match(cloned.stderr, /clone/);
    t.same(await stateThere(), before, 'nothing has changed');
    await insist(fileserver, ['zfs', 'destroy', `${gate.tank}/clone`]);
    t.match(await ask(takeBack(pair)), { code: 0 });
  });
});

/** A file system with something in it, and where its copy will be. */
async function newPair({ fileserver, tank, vault }: GateLab, name: string, kibibytes = 64): Promise<Pair> {
  const pair = { source: `${tank}/home/${name}`, destination: `${vault}/home/${name}`, tag: 'zrep' };
  await fileserver.run(['zfs', 'create', pair.source]);
  await writeData(fileserver, pair.source, 'first', kibibytes);
  return pair;
}

function initOf({ source, destination }: Pair, word = 'zrep'): string {
  return `${word} _init ${source} backup ${destination} 5`;
}

function takeBack({ source, destination }: Pair, word = 'zrep'): string {
  return `${word} _uninit ${source} backup ${destination}`;
}

/** Begins the pair; the first snapshot's name. */
async function begun(t: Test, { ask }: GateLab, pair: Pair, word?: string): Promise<string> {
  const first = zrepName(pair.source, 0);
  t.match(await ask(initOf(pair, word)), { code: 0, stdout: first, stderr: '' });
  return first;
}
