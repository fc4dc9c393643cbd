/** A push goes on from the newest snapshot that both sides have by its GUID; or says what is in the way, with a line that works as it stands. */

import t from 'tap';
import type { Result } from '../../lab/host.ts';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inSharedPushLab, pairMaker } from '../fixtures/system/push-lab.ts';

await inSharedPushLab(t, async (lab) => {
  const { fileserver, backup, zrep } = lab;
  const newPair = await pairMaker(lab);
  const needing = await testsNeeding(t, backup, ['resume', 'raw']);
  const change = ({ source }: Pair, file = 'news') => writeData(fileserver, source, file, 64);
  const sync = async (pair: Pair, file: string) => {
    await change(pair, file);
    return zrep(['sync', pair.source]);
  };
  const newest = async ({ source, destination }: Pair) => {
    const [here, there] = [await snapshotsOf(fileserver, source), await snapshotsOf(backup, destination)];
    return [here.at(-1), there.at(-1)];
  };
  /** Runs the line that `failed` ends with, as it stands; with --yes, where it says that. */
  const paste = async ({ stderr }: Result) => {
    const run = async (said: string) => {
      const line = /: (zrep sync -f .*)$/m.exec(said)?.[1] ?? 'false';
      return fileserver.script(line, { allowFail: true });
    };
    const first = await run(stderr);
    return first.code === 0 ? first : run(first.stderr);
  };
  const changeThere = async ({ destination }: Pair, script = '') => {
    await backup.run(['zfs', 'set', 'readonly=off', destination]);
    await writeData(backup, destination, 'theirs', 64);
    await backup.script(`sync; ${script}`);
  };

  t.test('a mark that is not true, as an older zrep left it behind a forced command', async (t) => {
    const pair = await newPair();
    await fileserver.script(
      `zfs snapshot ${pair.source}@zrep_000001; zfs set zrep:sent=1700000000 ${pair.source}@zrep_000001`,
    );
    const { code, stderr } = await sync(pair, 'one');
    t.equal(code, 0, 'done', { said: stderr });
    t.match(stderr, `begins with the newest common snapshot, ${pair.source}@zrep_000000`);
    const [here, there] = await newest(pair);
    t.match(here, { name: 'zrep_000002', sent: /\d/ });
    t.same(there, here);
    t.equal((await sync(pair, 'two')).stderr, '', 'and the next one has nothing to say');
  });

  t.test('a mark that is lost', async (t) => {
    const pair = await newPair({ savecount: 9 });
    await sync(pair, 'one');
    await fileserver.run(['zfs', 'inherit', 'zrep:sent', `${pair.source}@zrep_000001`]);
    const { code, stderr } = await sync(pair, 'two');
    t.equal(code, 0, 'done', { said: stderr });
    const [here, there] = await newest(pair);
    t.same(there, here);
  });

  needing(['resume'], 'a snapshot destroyed here, of which a bookmark is left', async (t) => {
    const pair = await newPair({ savecount: 9 });
    const { source } = pair;
    await sync(pair, 'one');
    await fileserver.script(
      `zfs bookmark ${source}@zrep_000001 ${source}#kept; zfs snapshot ${source}@zrep_000005; zfs destroy ${source}@zrep_000001`,
    );
    const { code, stderr } = await sync(pair, 'two');
    t.equal(code, 0, 'done', { said: stderr });
    // This one, or the one that zrep has made itself.
    t.match(
      stderr,
      new RegExp(`begins with the newest common snapshot, ${source}#(?:kept|zrep_000001_\\d+)\\n`),
    );
    const [here, there] = await newest(pair);
    t.same(there, here);
  });

  t.test('snapshots of the copy that are in the way', async (t) => {
    const pair = await newPair();
    await changeThere(pair, `zfs snapshot ${pair.destination}@by-hand`);
    const failed = await sync(pair, 'one');
    t.equal(failed.code, 1);
    t.match(
      failed.stderr,
      /_unsent; backup ended with 1; the copy \S+ on backup has a snapshot of its own since .*: @by-hand;/,
    );
    const pasted = await paste(failed);
    t.equal(pasted.code, 0, 'the line works', { said: pasted.stderr });
    const [here, there] = await newest(pair);
    t.same(there, here);
  });

  t.test('changes of the copy', async (t) => {
    const pair = await newPair();
    await changeThere(pair);
    const failed = await sync(pair, 'one');
    t.equal(failed.code, 1);
    t.match(
      failed.stderr,
      /the copy \S+ on backup has changes since @zrep_000000.*; to give those changes up: /,
    );
    const pasted = await paste(failed);
    t.equal(pasted.code, 0, 'the line works', { said: pasted.stderr });
    const [here, there] = await newest(pair);
    t.same(there, here);
  });

  for (const side of ['source', 'copy'] as const)
    needing(['raw'], `the key of the ${side}, which is that of a file system above it`, async (t) => {
      const host = side === 'source' ? fileserver : backup;
      const folder = `${host.pool}/locked-${side}`;
      for (const one of [fileserver, backup])
        if (one !== host) await one.run(['zfs', 'create', `${one.pool}/locked-${side}`]);
      await host.script(`head -c 32 /dev/urandom >/run/lab/key
        zfs create -o encryption=on -o keyformat=raw -o keylocation=file:///run/lab/key ${folder}`);
      const pair = await makePair(lab, `locked-${side}/fs`);
      await change(pair);
      // It was mounted, and is encrypted: that wrote something.
      await backup.run(['zfs', 'rollback', `${pair.destination}@zrep_000000`]);
      const own = side === 'source' ? pair.source : pair.destination;
      await host.script(`for one in ${own} ${folder}; do
          [ "$(zfs get -Ho value mounted $one)" = no ] || zfs unmount $one
        done; zfs unload-key ${folder}`);
      const failed = await zrep(['sync', pair.source]);
      t.equal(failed.code, 1);
      const told = /the key of .* is not loaded.*; load it.*: (zfs load-key .*)$/m;
      const line = told.exec(failed.stderr)?.[1];
      t.ok(line, 'the line is told', { said: failed.stderr });
      await host.script(line ?? 'false');
      const { code, stderr } = await zrep(['sync', pair.source]);
      t.equal(code, 0, 'the line works', { said: stderr });
      const [here, there] = await newest(pair);
      t.same(there, here);
    });

  t.test('two snapshots of one name', async (t) => {
    const pair = await newPair();
    await changeThere(pair, `zfs snapshot ${pair.destination}@zrep_000001`);
    const failed = await sync(pair, 'one');
    t.equal(failed.code, 1);
    t.match(
      failed.stderr,
      /@zrep_000001 of \S+ on backup is not the snapshot of that name that this host sends/,
    );
    const pasted = await paste(failed);
    t.equal(pasted.code, 0, 'the line works', { said: pasted.stderr });
    const [here, there] = await newest(pair);
    t.same(there, here);
  });

  t.test('the last one that was sent, destroyed on the copy', async (t) => {
    const pair = await newPair({ savecount: 9 });
    await sync(pair, 'one');
    await backup.run(['zfs', 'destroy', `${pair.destination}@zrep_000001`]);
    const failed = await sync(pair, 'two');
    t.equal(failed.code, 1);
    t.match(failed.stderr, /on backup has no @zrep_000001, which this host has marked as sent/);
    const pasted = await paste(failed);
    t.equal(pasted.code, 0, 'the line works', { said: pasted.stderr });
    const [here, there] = await newest(pair);
    t.same(there, here);
  });

  t.test('an older snapshot of the copy that has the name of one that comes', async (t) => {
    const pair = await newPair();
    await backup.script(`zfs snapshot ${pair.destination}@weekly`);
    await sync(pair, 'one');
    await fileserver.run(['zfs', 'snapshot', `${pair.source}@weekly`]);
    const failed = await sync(pair, 'two');
    t.equal(failed.code, 1);
    const line = /rename the older one, on backup: (zfs rename .*)$/m.exec(failed.stderr)?.[1];
    t.ok(line, 'the line is told', { said: failed.stderr });
    await backup.script(line ?? 'false');
    const { code, stderr } = await zrep(['sync', pair.source]);
    t.equal(code, 0, 'the line works', { said: stderr });
  });

  t.test('sides without a common snapshot', async (t) => {
    const pair = await newPair();
    await backup.script(
      `zfs snapshot ${pair.destination}@other; zfs destroy ${pair.destination}@zrep_000000`,
    );
    const failed = await sync(pair, 'one');
    t.equal(failed.code, 1);
    t.match(
      failed.stderr,
      `have no common snapshot; to begin the pair anew, and keep the old copy under another name: ssh backup zfs rename ${pair.destination} `,
    );
    t.match((await zrep(['sync', '-f', pair.source])).stderr, 'have no common snapshot; to begin');
  });
});
