/** `zrep refresh -f`: what it may give up of a copy, in which order, and what it never takes. */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { zfsKind } from '../../lab/zfs.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { CUTTING_SSH, cutNext, installCuttingSsh } from '../fixtures/system/cutting-ssh.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { propertyOf } from '../fixtures/system/partial.ts';

const POLICY = homePolicy(
  '["pull", "expire"]',
  `
resume = true
[[client.backup1.grant]]
dataset = "tank/open"
subtree = true
operations = ["pull", "expire", "read"]
`,
);
/** More than zfs needs to begin, less than all. */
const CUT = 1_000_000;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await installCuttingSsh(backup);
  for (const part of ['home', 'open', 'refused']) {
    await fileserver.run(['zfs', 'create', '-p', `${tank}/${part}`]);
    await backup.run(['zfs', 'create', '-p', `${vault}/${part}`]);
  }
  const zrep = (...words: string[]) => backup.run(['zrep', ...words], { allowFail: true });
  // Streams then come by an ssh of their own, not in a session.
  const zrepByItself = (...words: string[]) =>
    backup.run(['zrep', ...words], { allowFail: true, env: CUTTING_SSH });
  const needing = await testsNeeding(t, backup, ['resume']);
  let pairs = 0;
  const newPair = (below = 'home') => {
    pairs += 1;
    return makePair(gate, `${below}/p${pairs}`, { savecount: 9 });
  };
  const snapshot = (...names: string[]) => backup.run(['zfs', 'snapshot', ...names]);
  /** A copy that was changed, and has a snapshot of that. */
  const changed = async (pair: Pair, name = 'by-hand') => {
    await backup.run(['zfs', 'set', 'readonly=off', pair.destination]);
    await writeData(backup, pair.destination, name, 64);
    await snapshot(`${pair.destination}@${name}`);
  };
  const equal = async (t: Test, { source, destination }: Pair) => {
    t.same(await snapshotsOf(backup, destination), await snapshotsOf(fileserver, source));
    t.equal(await propertyOf(backup, 'zrep:lock-pid', destination), '-');
  };

  t.test('a fileserver that cannot be reached, and one that refuses, leave the copy as it is', async (t) => {
    for (const [below, host, why] of [
      ['home', 'nosuch.invalid', /cannot connect to nosuch\.invalid/],
      ['refused', 'fileserver', /failed|refused/],
    ] as const) {
      const pair = await newPair(below);
      await changed(pair);
      await backup.run(['zfs', 'set', `zrep:src-host=${host}`, pair.destination]);
      const before = await snapshotsOf(backup, pair.destination);
      const { code, stderr } = await zrep('refresh', '-f', '--yes', pair.destination);
      t.equal(code, 1);
      t.match(stderr, why);
      t.same(await snapshotsOf(backup, pair.destination), before, below);
    }
  });

  t.test('what had come whole and was not marked is repaired, and stays', async (t) => {
    const pair = await newPair();
    await writeData(fileserver, pair.source, 'news', 64);
    const name = (await gate.ask(`zrep snaponly ${pair.source}`)).stdout;
    await backup.script(`ssh fileserver "zrep  _refreshpull ${name}  " | zfs receive ${pair.destination}`);
    const { code, stderr } = await zrep('refresh', '-f', pair.destination);
    t.equal(code, 0, 'done', { said: stderr });
    t.match(stderr, /had been received before; now both sides have it marked as sent/);
    t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', 'zrep_000001', 'zrep_000002']);
    await equal(t, pair);
  });

  t.test('where only changes would go, a crontab with -f goes on as ever', async (t) => {
    const pair = await newPair();
    await backup.run(['zfs', 'set', 'readonly=off', pair.destination]);
    await writeData(backup, pair.destination, 'change', 64);
    const { code, stderr } = await zrep('refresh', '-f', pair.destination);
    t.equal(code, 0, 'done', { said: stderr });
    await equal(t, pair);
  });

  t.test('where snapshots would go, it stops and lists them; --yes lets them go', async (t) => {
    for (const below of ['home', 'open']) {
      const pair = await newPair(below);
      await changed(pair);
      const stopped = await zrep('refresh', '-f', pair.destination);
      t.equal(stopped.code, 1);
      t.match(stopped.stderr, `rolls ${pair.destination} back to @zrep_000000`);
      t.match(stopped.stderr, new RegExp(`${pair.destination}@by-hand, made 20.* UTC, \\d`));
      t.match(stopped.stderr, `to do it: zrep refresh -f --yes ${pair.destination}\n`);
      t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', 'by-hand']);
      t.same(await snapshotNames(fileserver, pair.source), ['zrep_000000'], 'nothing was asked for');
      const done = await zrep('refresh', '-f', '--yes', pair.destination);
      t.equal(done.code, 0, 'done', { said: done.stderr });
      t.match(done.stderr, '@by-hand, made', 'and it is told');
      await equal(t, pair);
    }
  });

  t.test('on a terminal it asks', async (t) => {
    const pair = await newPair();
    await changed(pair);
    const answer = (word: string) =>
      backup.run(
        [
          'sh',
          '-c',
          `printf '%s\\n' "$1" | script -qec "zrep refresh -f $2" /dev/null`,
          'sh',
          word,
          pair.destination,
        ],
        { allowFail: true },
      );
    const no = await answer('no');
    t.match(no.stdout, /@by-hand, made .*Type yes to go on: /s);
    t.match(no.stdout, 'nothing was done, since the answer was not yes');
    t.equal(no.code, 1);
    t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', 'by-hand']);
    const yes = await answer('yes');
    t.equal(yes.code, 0, 'done', { said: yes.stdout });
    await equal(t, pair);
  });

  t.test('bases of other tags, holds, clones and bookmarks stay, whatever is said', async (t) => {
    for (const [name, protect, why] of [
      ['off_000003', (full: string) => ['set', 'off:sent=1700000000', full], 'sent under the tag off'],
      ['kept', (full: string) => ['hold', 'lawyers', full], 'held (zfs holds)'],
      ['cloned', (full: string) => ['clone', full, `${vault}/clone`], `${vault}/clone is a clone of it`],
    ] as const) {
      const pair = await newPair();
      await changed(pair, name);
      const full = `${pair.destination}@${name}`;
      await backup.run(['zfs', ...protect(full)]);
      const { code, stderr } = await zrep('refresh', '-f', '--yes', pair.destination);
      t.equal(code, 1);
      // zfs-fuse does not tell clones, and destroys none of what has one.
      if (name !== 'cloned' || zfsKind() !== 'zfs-fuse') {
        t.match(stderr, `nothing was changed, because other streams or people need: ${full} (`);
        t.match(stderr, why);
      }
      t.notMatch(stderr, '\\n');
      t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', name]);
    }
    if (zfsKind() === 'zfs-fuse') return;
    const pair = await newPair();
    await changed(pair);
    const bookmark = `${pair.destination}#offsite`;
    await backup.run(['zfs', 'bookmark', `${pair.destination}@by-hand`, bookmark]);
    const { code, stderr } = await zrep('refresh', '-f', '--yes', pair.destination);
    t.equal(code, 1);
    t.match(stderr, `need: ${bookmark} (a bookmark`);
    t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', 'by-hand']);
  });

  t.test('a source that has lost the mark is told where to begin', async (t) => {
    const pair = await newPair();
    await writeData(fileserver, pair.source, 'news', 64);
    t.equal((await zrep('refresh', pair.destination)).code, 0);
    await fileserver.run(['zfs', 'inherit', 'zrep:sent', `${pair.source}@zrep_000001`]);
    await changed(pair);
    const { code, stderr } = await zrep('refresh', '-f', '--yes', pair.destination);
    t.equal(code, 0, 'done', { said: stderr });
    t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', 'zrep_000001', 'zrep_000002']);
  });

  t.test('a stream that goes on from another snapshot than was thought changes nothing', async (t) => {
    // What the source is told about where to begin is lost on the way.
    await backup.writeFile(
      '/root/forgetful/ssh',
      `#!/bin/bash
shopt -s extglob
last=\${!#}
exec /usr/bin/ssh "\${@:1:$#-1}" "\${last/ from=+([0-9])/}"
`,
      { mode: 0o755 },
    );
    const pair = await newPair();
    await writeData(fileserver, pair.source, 'news', 64);
    t.equal((await zrep('refresh', pair.destination)).code, 0);
    await fileserver.run(['zfs', 'inherit', 'zrep:sent', `${pair.source}@zrep_000001`]);
    await changed(pair);
    const { code, stderr } = await backup.run(['zrep', 'refresh', '-f', '--yes', pair.destination], {
      allowFail: true,
      env: { SSH: '/root/forgetful/ssh' },
    });
    t.equal(code, 1);
    t.match(stderr, `does not begin with ${pair.destination}@zrep_000001`);
    t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', 'zrep_000001', 'by-hand']);
  });

  needing(['resume'], 'an interrupted stream is resumed on what -f has rolled back', async (t) => {
    const pair = await newPair();
    await writeData(fileserver, pair.source, 'much', 4096);
    await cutNext(backup, CUT);
    await zrepByItself('refresh', pair.destination);
    t.not(await propertyOf(backup, 'receive_resume_token', pair.destination), '-', 'there is a token');
    await backup.run(['zfs', 'set', 'readonly=off', pair.destination]);
    await writeData(backup, pair.destination, 'change', 64);
    const { code, stderr } = await zrepByItself('refresh', '-f', pair.destination);
    t.equal(code, 0, 'done', { said: stderr });
    await equal(t, pair);
  });
});
