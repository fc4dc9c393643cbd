/** `zrep init --pull --anew`: a pair whose sides have nothing in common any more is begun once more, and the old copy stays. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { cutNext, shareWithCuttingSsh } from '../fixtures/system/cutting-ssh.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { makeHealthyPair } from '../fixtures/system/histories/pair.ts';
import { World } from '../fixtures/system/histories/world.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { insist } from '../fixtures/system/insist.ts';
import { propertyOf } from '../fixtures/system/partial.ts';

/** More than zfs needs to begin, less than all. */
const CUT = 1_000_000;

await inGateLab(t, homePolicy('["pull", "expire", "init", "read"]'), async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  await shareWithCuttingSsh(gate);
  const needing = await testsNeeding(t, backup, ['resume']);
  const zrep = (words: string) => backup.run(['zrep', ...words.split(' ')], { allowFail: true });

  const newPair = async (name: string): Promise<Pair> => {
    const world = new World(gate, name, 'gate');
    await world.begin();
    await makeHealthyPair(world, 1);
    return { source: world.source, destination: world.copy, tag: 'zrep' };
  };
  /** As another tool does that prunes by its own rules. */
  const part = async ({ source }: Pair) => {
    for (const name of await snapshotNames(fileserver, source))
      await insist(fileserver, ['zfs', 'destroy', `${source}@${name}`]);
    // Or the next one would have the number of one that is here.
    await fileserver.run(['zfs', 'snapshot', `${source}@zrep_000007`]);
  };
  const lineFor = ({ source, destination }: Pair) =>
    `zrep init --pull --anew fileserver:${source} ${destination}`;
  const isSame = async (t: Test, pair: Pair) => {
    const here = (await snapshotsOf(backup, pair.destination)).at(-1);
    const there = (await snapshotsOf(fileserver, pair.source)).at(-1);
    t.same(here, there, 'the same snapshot, marked on both sides');
  };
  const isWell = async (t: Test, pair: Pair) => {
    await isSame(t, pair);
    t.match(await doctor(backup, pair.destination), { code: 0, codes: [] });
  };
  const goesOn = async (t: Test, pair: Pair) => {
    await isWell(t, pair);
    await writeData(fileserver, pair.source, 'more', 64);
    t.match(await zrep(`refresh ${pair.destination}`), { code: 0, stderr: '' });
    await isSame(t, pair);
  };

  t.test('every program prints the line, which keeps the old copy and begins the pair anew', async (t) => {
    const pair = await newPair('parted');
    const old = await snapshotsOf(backup, pair.destination);
    await part(pair);
    const [line, source] = [lineFor(pair), (await snapshotNames(fileserver, pair.source)).length];
    const verified = await zrep(`status --verify ${pair.destination}`);
    t.equal(verified.code, 1);
    t.ok(verified.stdout.endsWith(`: ${line}\n`), 'status --verify', { said: verified.stdout });
    const found = await doctor(backup, pair.destination);
    t.match(found, { code: 1, codes: ['no-common-snapshot'], findings: [{ mend: { lines: [line] } }] });
    const refused = await zrep(`refresh ${pair.destination}`);
    t.equal(refused.code, 1);
    t.ok(refused.stderr.includes(line), 'the refresh, too', { said: refused.stderr });

    const dry = await zrep(line.replace('zrep ', '').replace('--anew', '--anew --dry-run'));
    t.match(dry.stdout, `  zfs rename ${pair.destination} ${pair.destination}_old\n`);
    t.same(await snapshotsOf(backup, pair.destination), old, 'nothing was done');

    const { code, stdout, stderr } = await zrep(line.slice('zrep '.length));
    t.equal(code, 0, 'done', { said: stderr });
    t.match(
      stdout,
      `The old copy is ${pair.destination}_old now, with all its snapshots, and out of service\n`,
    );
    t.same(await snapshotsOf(backup, `${pair.destination}_old`), old, 'nothing is gone');
    t.ok((await snapshotNames(fileserver, pair.source)).length > source, 'nor there');
    t.match(await zrep('list --retired'), { stdout: `${pair.destination}_old` });
    await goesOn(t, pair);

    const again = await zrep(line.slice('zrep '.length));
    t.match(again, { code: 1, stderr: /have @zrep_\S+ in common, so nothing was begun anew\. .* refresh / });
  });

  t.test('a source that was made again under its name is another file system', async (t) => {
    const pair = await newPair('again');
    await insist(fileserver, ['zfs', 'destroy', '-r', pair.source]);
    await fileserver.run(['zfs', 'create', pair.source]);
    await writeData(fileserver, pair.source, 'other', 64);
    const found = await doctor(backup, pair.destination);
    t.match(found, { codes: ['no-common-snapshot'], findings: [{ mend: { lines: [lineFor(pair)] } }] });
    t.match(await zrep(lineFor(pair).slice('zrep '.length)), { code: 0 });
    t.same(await snapshotNames(backup, `${pair.destination}_old`), ['zrep_000000', 'zrep_000001']);
    await isWell(t, pair);
  });

  t.test('a copy that was destroyed by mistake comes again', async (t) => {
    const pair = await newPair('gone');
    t.match(await zrep(`refresh ${pair.destination}`), { code: 0 }, 'it is remembered');
    await insist(backup, ['zfs', 'destroy', '-r', pair.destination]);
    const found = await doctor(backup, pair.destination);
    t.match(found, { codes: ['copy-missing'] });
    const [forget, line = ''] = found.findings[0]?.mend.lines ?? [];
    t.same([forget, line], [`zrep retire ${pair.destination}`, lineFor(pair)]);
    t.match(await zrep(line.slice('zrep '.length)), { code: 0 });
    await isWell(t, pair);
  });

  needing(['resume'], 'cut off in its stream, the same command goes on', async (t) => {
    const pair = await newPair('cut');
    await writeData(fileserver, pair.source, 'much', 4096);
    await part(pair);
    await cutNext(backup, CUT);
    const words = lineFor(pair).slice('zrep '.length);
    const cut = await zrep(words);
    t.match(cut, { code: 1, stderr: /did not arrive whole.* the same command goes on/ });
    t.same(await snapshotNames(backup, `${pair.destination}_old`), ['zrep_000000', 'zrep_000001']);
    t.not(await propertyOf(backup, 'receive_resume_token', pair.destination), '-');
    const made = await snapshotNames(fileserver, pair.source);
    t.match(await zrep(words), { code: 0, stdout: /Resuming the first stream/ });
    t.same(await snapshotNames(fileserver, pair.source), made, 'of the same snapshot');
    await goesOn(t, pair);
  });

  t.test(
    'of an old copy that an earlier run had taken out of service already, the same command goes on',
    async (t) => {
      const pair = await newPair('half');
      await part(pair);
      t.match(await zrep(`retire -f ${pair.destination}`), { code: 0 });
      const { code, stderr } = await zrep(lineFor(pair).slice('zrep '.length));
      t.equal(code, 0, 'done', { said: stderr });
      t.same(await snapshotNames(backup, `${pair.destination}_old`), ['zrep_000000', 'zrep_000001']);
      await isWell(t, pair);
    },
  );

  t.test('cut off before its stream, it is missed, with the line that completes it', async (t) => {
    const pair = await newPair('missed');
    await part(pair);
    t.match(await zrep(`refresh ${pair.destination}`), { code: 1 }, 'it is remembered');
    await cutNext(backup, 1);
    t.match(await zrep(lineFor(pair).slice('zrep '.length)), { code: 1 });
    const all = await zrep('refresh all');
    t.equal(all.code, 1);
    t.ok(all.stderr.includes(`${pair.destination} is missing: its set-up was begun and not completed`));
    t.ok(all.stderr.includes(`To complete it: ${lineFor(pair)}\n`), 'with the line', { said: all.stderr });
    t.match(await zrep(lineFor(pair).slice('zrep '.length)), { code: 0 });
    t.notMatch((await zrep('refresh all')).stderr, `${pair.destination} is missing`);
    await isWell(t, pair);
  });

  t.test(
    'a copy with another pair below it, or that is the source of one, does not step aside',
    async (t) => {
      const pair = await newPair('above');
      await part(pair);
      const child = `${pair.destination}/child`;
      await backup.run(['zfs', 'create', '-o', `zrep:dest-fs=${child}`, child]);
      const words = lineFor(pair).slice('zrep '.length);
      t.match(await zrep(words), { code: 1, stderr: /\/child is of a pair of its own \(zrep:dest-fs\)/ });
      await insist(backup, ['zfs', 'destroy', child]);
      await backup.run(['zfs', 'set', 'offsite:dest-fs=pool/x', pair.destination]);
      t.match(await zrep(words), { code: 1, stderr: /is of a pair of its own \(offsite:dest-fs\)/ });
      t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', 'zrep_000001']);
    },
  );

  t.test('what cannot be begun there changes nothing here', async (t) => {
    const pair = await newPair('refused');
    await part(pair);
    await gate.policy(homePolicy('["pull", "expire"]'));
    const { code, stderr } = await zrep(lineFor(pair).slice('zrep '.length));
    t.equal(code, 1);
    t.match(stderr, /needs "init" among the operations of the grant for /);
    t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', 'zrep_000001']);
    t.equal(await propertyOf(backup, 'zrep:dest-fs', pair.destination), pair.destination);

    const gone = await newPair('refused-gone');
    t.match(await zrep(`refresh ${gone.destination}`), { code: 0 }, 'it is remembered');
    await insist(backup, ['zfs', 'destroy', '-r', gone.destination]);
    t.match(await zrep(lineFor(gone).slice('zrep '.length)), { code: 1 });
    const missed = (await zrep('refresh all')).stderr;
    t.match(
      missed,
      `${gone.destination} is missing: it does not exist any more`,
      'still missed as what it was',
    );
  });
});
