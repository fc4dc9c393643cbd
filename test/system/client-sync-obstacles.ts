/**
 * What is in the way of a pair that is pushed: the sync, `status --verify` and the doctor say the same of it, with the same lines, and these, run
 * as they stand on the host that they are for, mend it. The same on every series of OpenZFS, and on zfs-fuse.
 */

import t, { type Test } from 'tap';
import { type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { snapshotNames } from '../fixtures/system/gate-lab.ts';
import { paste } from '../fixtures/system/obstacles/asked.ts';
import { inSharedPushLab, pairMaker } from '../fixtures/system/push-lab.ts';

await inSharedPushLab(t, async (lab) => {
  const { fileserver, backup, zrep } = lab;
  const newPair = await pairMaker(lab);
  const needing = await testsNeeding(t, backup, ['resume']);

  /** Of which a sync has sent one snapshot more. */
  const syncedPair = async (): Promise<Pair> => {
    const pair = await newPair({ savecount: 9 });
    await writeData(fileserver, pair.source, 'one', 64);
    const { code, stderr } = await zrep(['sync', pair.source]);
    if (code !== 0) throw new Error(`the pair is not synced: ${stderr}`);
    await writeData(fileserver, pair.source, 'two', 64);
    return pair;
  };
  const changeThere = async ({ destination }: Pair, script = '') => {
    await backup.run(['zfs', 'set', 'readonly=off', destination]);
    await writeData(backup, destination, 'theirs', 64);
    // An old zfs counts it when it is on disk: a snapshot brings it there.
    await backup.script(`zfs snapshot ${destination}@t; zfs destroy ${destination}@t; ${script}`);
  };

  const mends = async (t: Test, { source, destination }: Pair, code: string) => {
    const { findings, said } = await doctor(fileserver, source);
    const found = findings.filter(({ severity }) => severity === 'error' || severity === 'warning');
    t.same(
      found.map((one) => one.code),
      [code],
      'the doctor finds that alone',
      { said },
    );
    const [finding] = found;
    if (finding === undefined) return;
    const { what, mend } = finding;
    const verified = await zrep(['status', '--verify', source]);
    t.equal(verified.code, 1);
    const verdict = `${source}: the next sync would FAIL: `;
    t.ok(verified.stdout.startsWith(verdict), 'status --verify knows', { said: verified.stdout });
    const sentence = verified.stdout.slice(verdict.length).trimEnd();
    // Who resumes is told in the words of a sync, which knows no more than that zfs receive refused.
    if (code !== 'partial-receive') t.ok(sentence.startsWith(what), 'the same', { said: sentence });
    t.ok(sentence.endsWith(`: ${mend.lines.join(' && ')}`), 'with the same lines', { said: sentence });
    const failed = await zrep(['sync', source]);
    t.equal(failed.code, 1);
    t.ok(failed.stderr.trimEnd().endsWith(sentence), 'and so does the sync', { said: failed.stderr });
    for (const line of mend.lines) {
      const { code, stdout } = await paste(mend.on === 'backup' ? backup : fileserver, line);
      t.equal(code, 0, `this works as it stands: ${line}`, { said: stdout });
    }
    const { code: done, stderr } = await zrep(['sync', source]);
    t.equal(done, 0, 'then a sync succeeds', { said: stderr });
    const [here, there] = [await snapshotsOf(fileserver, source), await snapshotsOf(backup, destination)];
    t.same(there.at(-1), here.at(-1), 'and both sides have the same');
    t.match(await zrep(['status', '--verify', source]), {
      code: 0,
      stdout: `${source}: the next sync would succeed\n`,
    });
    const left = await doctor(fileserver, source);
    t.same(
      left.findings.filter(({ severity }) => severity === 'error').map((one) => one.code),
      [],
      'nothing is left',
    );
  };

  t.test('snapshots of the copy', async (t) => {
    const pair = await syncedPair();
    await changeThere(pair, `zfs snapshot ${pair.destination}@by-hand`);
    await mends(t, pair, 'newer-snapshots');
  });

  t.test('changes of the copy', async (t) => {
    const pair = await syncedPair();
    await changeThere(pair);
    await mends(t, pair, 'copy-modified');
  });

  t.test('two snapshots of one name', async (t) => {
    const pair = await syncedPair();
    await changeThere(pair, `zfs snapshot ${pair.destination}@zrep_000002`);
    await mends(t, pair, 'parted');
  });

  t.test('the last one that was sent, destroyed on the copy', async (t) => {
    const pair = await syncedPair();
    await backup.run(['zfs', 'destroy', `${pair.destination}@zrep_000001`]);
    await mends(t, pair, 'base-destroyed');
  });

  t.test('an older snapshot of the copy that has the name of one that comes', async (t) => {
    const pair = await newPair({ savecount: 9 });
    await backup.script(`zfs snapshot ${pair.destination}@weekly`);
    await writeData(fileserver, pair.source, 'one', 64);
    t.match(await zrep(['sync', pair.source]), { code: 0 });
    await fileserver.run(['zfs', 'snapshot', `${pair.source}@weekly`]);
    await mends(t, pair, 'name-taken');
  });

  t.test('no common snapshot', async (t) => {
    const pair = await syncedPair();
    // An old zfs renames nothing that is mounted.
    await backup.script(`zfs unmount ${pair.destination} || true; zfs snapshot ${pair.destination}@other
      for one in 0 1; do zfs destroy ${pair.destination}@zrep_00000$one; done`);
    await mends(t, pair, 'no-common-snapshot');
    t.same(await snapshotNames(backup, `${pair.destination}_old`), ['other'], 'the old copy is kept');
  });

  t.test('a source that names its host with an account', async (t) => {
    const pair = await syncedPair();
    await fileserver.run(['zfs', 'set', 'zrep:src-host=root@fileserver', pair.source]);
    await mends(t, pair, 'source-renamed');
  });

  t.test('a source that was moved', async (t) => {
    const pair = await syncedPair();
    const { source } = pair;
    await fileserver.script(`zfs snapshot ${source}@mv; zfs send -R ${source}@mv | zfs receive ${source}_new
      for one in ${source} ${source}_new; do zfs unmount $one || true; done
      zfs rename ${source} ${source}_was; zfs rename ${source}_new ${source}`);
    await mends(t, pair, 'source-received');
  });

  needing(['resume'], 'what an interrupted stream has left', async (t) => {
    const pair = await syncedPair();
    await writeData(fileserver, pair.source, 'much', 2048);
    await lab.trouble('*"zfs recv -s"*', 'head -c 1000000 | sh -c "$SSH_ORIGINAL_COMMAND"; exit 1');
    t.match(await zrep(['sync', '-r', pair.source]), { code: 1 });
    await mends(t, pair, 'partial-receive');
  });
});
