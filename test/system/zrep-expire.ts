/** zrep-expire on real snapshots: what it destroys, what it never does, locks, and that the next refresh still goes on. */

import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { switchTo } from '../../lab/gate.ts';
import type { Host } from '../../lab/host.ts';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, writeData } from '../../lab/pair.ts';
import { zfsKind } from '../../lab/zfs.ts';
import manifest from '../../package.json' with { type: 'json' };
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab, snapshotNames, stateOf } from '../fixtures/system/gate-lab.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { callsOn, installWrapper, LOGGED_ZFS } from '../fixtures/system/wrapper.ts';

const POLICY = `
[limits]
keep-at-least = 1
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire"]
`;

/** Of all that is older than this second, nothing stays by itself. */
const NOTHING = '0 seconds : 0 seconds\n';
const CONFIG = '/etc/zfs/zrep-expire.conf';

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank } = gate;
  // The fileserver has the package already.
  await switchTo(fileserver, manifest.version, 'zrep-expire');
  await provideBuild(backup, { program: 'zrep-expire' });
  await switchTo(backup, manifest.version, 'zrep');
  await installWrapper(fileserver);
  const zfs = (...words: string[]) => fileserver.run(['zfs', ...words]);
  const expire = async (text: string, words: readonly string[], host: Host = fileserver) => {
    // What was made in this second is not older yet.
    if (text.includes(NOTHING)) await wait(1020 - (Date.now() % 1000));
    await host.writeFile(CONFIG, text);
    const argv = ['zrep-expire', '-c', CONFIG, ...words];
    return host.run(argv, { allowFail: true, env: host === fileserver ? { ZREP_ZFS: LOGGED_ZFS } : {} });
  };
  const needing = await testsNeeding(t, fileserver, ['resume', 'estimates']);

  t.test(
    'looking changes nothing; a run destroys what was shown, in one process where zfs can',
    async (t) => {
      const source = await makeSource(fileserver, `${tank}/shown`, {
        snapshots: 8,
        sent: [0, 1, 2, 3, 4, 5],
      });
      await zfs('snapshot', `${source}@by-hand`);
      await zfs('snapshot', zrepName(source, 0, 'off'));
      await zfs('hold', 'keep', zrepName(source, 2));
      // The first is away from the others, so that an hour's distance is what counts.
      const rules = '1 year : 1 hour\n';
      const before = await stateOf(fileserver);
      await callsOn(fileserver);
      const shown = await expire(rules, ['-n', '-k', '1', source]);
      t.equal(shown.code, 0, shown.stderr);
      t.match(shown.stdout, `${source}: 10 snapshots, 3 would be destroyed; `);
      t.match(
        shown.stdout,
        /keep +zrep_000002 .* held \(zfs holds\); otherwise it would go: less than 1 hour after zrep_000000/,
      );
      t.same(await stateOf(fileserver), before);
      t.notOk(
        (await callsOn(fileserver)).some(
          ({ argv }) => argv[0] === 'set' || (argv[0] === 'destroy' && argv[1] !== '-nvp'),
        ),
      );

      const { code, stdout, stderr } = await expire(rules, ['-v', '-k', '1', source]);
      t.same([code, stderr], [0, '']);
      t.match(stdout, `${source}: 3 snapshots destroyed\n  destroy  zrep_000001 `);
      const left = [
        'zrep_000000',
        'zrep_000002',
        'zrep_000005',
        'zrep_000006',
        'zrep_000007',
        'by-hand',
        'off_000000',
      ];
      t.same(
        await snapshotNames(fileserver, source),
        left,
        'the first, a held one, the last sent one, and what was never sent',
      );
      const destroys = (await callsOn(fileserver)).filter(({ argv }) => argv[0] === 'destroy');
      t.equal(destroys.length, zfsKind() === 'kernel' ? 1 : 3);
      t.equal(
        (await zfs('get', '-H', '-o', 'value', 'zrep:lock-pid,zrep:lock-time', source)).stdout,
        '-\n-\n',
        'the lock is let go of',
      );

      const again = await expire(rules, ['-v', '-k', '1', source]);
      t.same([again.code, again.stdout, again.stderr], [0, '', ''], 'and then there is nothing to do');
    },
  );

  t.test('a name with blanks, given as a word, as a section, and to --explain', async (t) => {
    const source = await makeSource(fileserver, `${tank}/My  Files`, { snapshots: 3, sent: [0, 1, 2] });
    const { code, stdout } = await expire(NOTHING, ['-k', '1', '--explain', zrepName(source, 0)]);
    t.equal(code, 0);
    t.match(stdout, `${zrepName(source, 0)}`);
    t.match(await expire(NOTHING, ['-v', '-k', '2', source]), { code: 0, stderr: '' });
    t.same(await snapshotNames(fileserver, source), ['zrep_000001', 'zrep_000002']);
    t.match(await expire(`[${source}]\n${NOTHING}`, ['-v', '-k', '1']), { code: 0, stderr: '' });
    t.same(await snapshotNames(fileserver, source), ['zrep_000002']);
    t.equal((await zfs('get', '-H', '-o', 'value', 'zrep:lock-pid', source)).stdout, '-\n');
    const zrep = await backup.run(['zrep', 'refresh', source], { allowFail: true });
    t.equal(zrep.code, 2);
    t.match(
      zrep.stderr,
      `"${source}" has a blank in its name, which zrep cannot handle: rename it by zfs rename`,
    );
  });

  t.test('one that has a clone is told of and is a failure, the others go', async (t) => {
    const source = await makeSource(fileserver, `${tank}/cloned`, { snapshots: 4, sent: [0, 1, 2, 3] });
    await zfs('clone', zrepName(source, 1), `${tank}/clone`);
    const { code, stdout, stderr } = await expire(NOTHING, ['-v', '-k', '1', source]);
    t.equal(code, 1);
    t.match(
      stderr,
      new RegExp(`^Error expiring ${zrepName(source, 1)}, status was 1: cannot destroy .*clone`),
    );
    t.match(stdout, / {2}destroy {2}zrep_000002 /);
    t.notMatch(stdout, 'zrep_000001');
    t.same(await snapshotNames(fileserver, source), ['zrep_000001', 'zrep_000003']);
  });

  t.test('what another zrep has locked is left alone, and is a failure', async (t) => {
    const source = await makeSource(fileserver, `${tank}/locked`, { snapshots: 3, sent: [0, 1, 2] });
    await zfs('create', `${source}/child`);
    for (const number of [0, 1, 2]) {
      await zfs('snapshot', zrepName(`${source}/child`, number));
      await zfs('set', 'zrep:sent=1', zrepName(`${source}/child`, number));
    }
    await zfs('set', 'zrep:lock-pid=1', source);
    for (const dataset of [source, `${source}/child`]) {
      const { code, stderr } = await expire(NOTHING, ['-k', '1', dataset]);
      t.equal(code, 1, dataset);
      t.match(
        stderr,
        `Error: nothing is destroyed on ${dataset}: the file system is locked by another zrep (pid 1 `,
      );
      t.equal((await snapshotNames(fileserver, dataset)).length, 3, 'the pair is locked as a whole');
    }
    await zfs('inherit', 'zrep:lock-pid', source);
    t.equal((await expire(NOTHING, ['-k', '1', source, `${source}/child`])).code, 0);
    for (const dataset of [source, `${source}/child`])
      t.same(await snapshotNames(fileserver, dataset), ['zrep_000002'], dataset);
  });

  t.test('a mark on the file system makes no snapshot a sent one', async (t) => {
    const source = await makeSource(fileserver, `${tank}/inherits`, { snapshots: 3, sent: [] });
    await zfs('set', 'zrep:sent=1795385385', source);
    t.equal((await expire(NOTHING, ['-k', '1', source])).code, 0);
    t.equal((await snapshotNames(fileserver, source)).length, 3);
  });

  t.test(
    'children of a recursive pair: thinned by themselves, but for what the next refresh goes on from',
    async (t) => {
      const source = await makeSource(fileserver, `${tank}/tree`, { sent: [] });
      const child = `${source}/child`;
      await zfs('destroy', zrepName(source, 0));
      await zfs('create', child);
      for (const number of [1, 2, 3, 4, 5]) await zfs('snapshot', '-r', zrepName(source, number));
      for (const number of [1, 2, 3]) await zfs('set', 'zrep:sent=1', zrepName(source, number));
      await expire(NOTHING, ['-k', '1', source, child]);
      t.same(await snapshotNames(fileserver, source), ['zrep_000003', 'zrep_000004', 'zrep_000005']);
      t.equal((await snapshotNames(fileserver, child)).length, 5, 'never sent, as the original sees it');
      t.equal((await expire(NOTHING, ['-k', '1', '--thin-unsent', child])).code, 0);
      t.same(await snapshotNames(fileserver, child), ['zrep_000003', 'zrep_000004', 'zrep_000005']);
      t.equal((await expire(NOTHING, ['-k', '1', '--zrep-ignore', child])).code, 0);
      t.same(await snapshotNames(fileserver, child), ['zrep_000003', 'zrep_000005'], 'whatever is asked');
    },
  );

  t.test('one file for many: sections, -a, and neither', async (t) => {
    for (const name of ['a', 'b', 'c'])
      await makeSource(fileserver, `${tank}/many/${name}`, { snapshots: 3, sent: [0, 1, 2] });
    const file = `[${tank}/many/*]\n${NOTHING}[${tank}/many/b]\nkeep everything\n`;
    t.equal((await expire(file, ['-k', '1'])).code, 0);
    const left = async () =>
      Promise.all(
        ['a', 'b', 'c'].map(async (name) => (await snapshotNames(fileserver, `${tank}/many/${name}`)).length),
      );
    t.same(await left(), [1, 3, 1]);
    t.equal((await expire(`[${tank}/many/b]\n0 s : 0 s\nsome nonsense\n`, ['-a', '-k', '1'])).code, 1);
    t.same(await left(), [1, 3, 1]);
    t.equal((await expire(`[${tank}/many/**]\ndaily for 15 days\n`, ['-a', '-k', '1'])).code, 0);
    t.same(await left(), [1, 2, 1], 'the oldest of today, and the newest');
  });

  t.test('both sides of a pair lose all they may, and the next refresh goes on', async (t) => {
    const pair = await makePair(gate, 'home', { savecount: 20 });
    const refresh = () => backup.run(['zrep', 'refresh', pair.destination], { allowFail: true });
    for (let round = 0; round < 3; round += 1) t.equal((await refresh()).code, 0, `refresh ${round}`);
    for (const [host, dataset] of [
      [fileserver, pair.source],
      [backup, pair.destination],
    ] as const) {
      const { code, stderr } = await expire(NOTHING, ['-k', '1', dataset], host);
      t.same([code, stderr], [0, '']);
      t.same(await snapshotNames(host, dataset), ['zrep_000003'], dataset);
    }
    await writeData(fileserver, pair.source, 'more', 64);
    const after = await refresh();
    t.equal(after.code, 0, after.stderr);
    t.same(await snapshotNames(backup, pair.destination), ['zrep_000003', 'zrep_000004']);
  });

  needing(['resume'], 'what a resume token goes on from stays', async (t) => {
    const pair = await makePair(gate, 'cut');
    const copy = pair.destination;
    await writeData(fileserver, pair.source, 'more', 4096);
    await zfs('snapshot', zrepName(pair.source, 1));
    // Both pools are one machine's: the stream is cut by head.
    const cut = `zfs send -i ${zrepName(pair.source, 0)} ${zrepName(pair.source, 1)} | head -c 2000000 | zfs receive -s ${copy}`;
    await backup.script(`${cut} || true`);
    t.not(
      (await backup.run(['zfs', 'get', '-H', '-o', 'value', 'receive_resume_token', copy])).stdout.trim(),
      '-',
    );
    await backup.run(['zfs', 'snapshot', zrepName(copy, 9)]);
    await backup.run(['zfs', 'set', 'zrep:sent=1', zrepName(copy, 9)]);
    const { stdout } = await expire(NOTHING, ['-n', '-k', '1', copy], backup);
    t.match(stdout, /keep +zrep_000000 .* a stream that was cut off goes on from it/);
    t.equal((await expire(NOTHING, ['-k', '1', copy], backup)).code, 0);
    t.same(await snapshotNames(backup, copy), ['zrep_000000', 'zrep_000009']);
  });

  needing(['estimates'], 'how much comes free is what zfs says', async (t) => {
    const source = await makeSource(fileserver, `${tank}/room`, { sent: [0] });
    await writeData(fileserver, source, 'data', 2048);
    for (const number of [1, 2]) await zfs('snapshot', zrepName(source, number));
    await fileserver.script(`rm "$(zfs get -H -o value mountpoint ${source})/data"; sync; sleep 1`);
    await zfs('snapshot', zrepName(source, 3));
    for (const number of [1, 2, 3]) await zfs('set', 'zrep:sent=1', zrepName(source, number));
    const { stdout } = await expire(NOTHING, ['-n', '-k', '1', source]);
    // Each of the two alone would free nothing of it.
    t.match(stdout, /3 would be destroyed; 2\.\d MiB would come free/);
  });
});
