/** `zrep doctor` where nothing is broken: it says so, says what it could not see, and calls nothing good that it did not. */

import t from 'tap';
import { inDoctorLab } from '../fixtures/system/doctor-lab.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { insist } from '../fixtures/system/insist.ts';

await inDoctorLab(t, ({ gate, granted, pair, refresh, inShell }) => {
  const { fileserver, backup, vault } = gate;

  t.test('a healthy pair is well, on both sides and to monitoring', async (t) => {
    await refresh(t);
    t.match(await doctor(backup, pair.destination), { code: 0, codes: [] });
    t.match(await doctor(fileserver, pair.source), { code: 0, codes: [] });
    const { stdout } = await backup.run(['zrep', 'doctor', pair.destination]);
    t.equal(stdout, 'backup: nothing wrong (1 pair looked at, on both sides).\n');
  });

  t.test('while another zrep is at work, that is a note, and its lock is left alone', async (t) => {
    await inShell(backup, 'zfs set zrep:lock-pid=1 $copy');
    t.match(await doctor(backup, '--fix', pair.destination), { code: 0, codes: ['at-work'], mended: [] });
    await inShell(backup, 'zfs inherit zrep:lock-pid $copy');
  });

  t.test(
    'what the gate does not let it read is told, with what to grant, and is not called good',
    async (t) => {
      await gate.policy(homePolicy('["pull", "expire", "init"]'));
      t.match(
        await doctor(backup, pair.destination),
        { code: 0, codes: [] },
        'what a pull needs comes with it',
      );
      await gate.policy(homePolicy('["expire"]'));
      const unseen = await doctor(backup, pair.destination);
      t.match(unseen, { code: 3, codes: ['not-looked'] });
      t.match(unseen.findings[0]?.mend, { on: 'fileserver', lines: [/"pull"/] });
      await gate.policy(granted.replace(/dataset = .*\nsubtree = true/, 'dataset = "tank/home/pair"'));
      const alone = await doctor(backup, pair.destination);
      t.match(alone, { code: 0, codes: [] }, 'nor does that need what is below');
      t.match(await doctor(backup, '--here', pair.destination), { code: 0, codes: [] });
      await inShell(backup, 'zfs inherit readonly $copy');
      t.match(await doctor(backup, '--fix', '-f', pair.destination), {
        code: 0,
        mended: ['copy-writable'],
      });
      await gate.policy(granted);
      await refresh(t);
    },
  );

  t.test('a source that is not there, nor its host, is told, and not called good', async (t) => {
    await inShell(backup, 'zfs set zrep:src-fs="$source"x $copy');
    const gone = await doctor(backup, pair.destination);
    t.match(gone, { code: 3, codes: ['not-looked'] });
    t.match(gone.findings[0]?.what, /pairx on fileserver, was not seen: .* is not there, or not for us/);
    await inShell(backup, 'zfs set zrep:src-fs=$source $copy; zfs set zrep:src-host=nosuch.invalid $copy');
    // By a connection of its own: the shared one leads to the fileserver, whatever name is asked for.
    await backup.run(['mv', '/etc/default/zrep', '/run/lab/kept']);
    const lost = await backup.run(['zrep', 'doctor', pair.destination], { allowFail: true });
    await backup.run(['mv', '/run/lab/kept', '/etc/default/zrep']);
    t.equal(lost.code, 3);
    t.match(lost.stdout.replace(/\s+/g, ' '), /was not seen: cannot connect to nosuch\.invalid: ssh: /);
    await inShell(backup, 'zfs set zrep:src-host=fileserver $copy');
  });

  t.test('what is named and is no pair is told', async (t) => {
    await backup.run(['zfs', 'create', `${vault}/home/plain`]);
    // Where the copy is mounted it is read-only: there is no place for a mount point below.
    await backup.run(['zfs', 'create', '-o', 'canmount=off', `${pair.destination}/child`]);
    const names = [`${vault}/home/plain`, `${vault}/home/nosuch`, `${pair.destination}/child`];
    t.match(await doctor(backup, ...names), {
      code: 1,
      codes: ['not-a-pair', 'no-such-dataset', 'configuration-inherited'],
    });
    await insist(backup, ['zfs', 'destroy', `${pair.destination}/child`]);
    t.equal(
      (await backup.run(['zrep', 'doctor', '-x'], { allowFail: true })).code,
      3,
      'unknown, for a plugin',
    );
    const none = await backup.run(['zrep', '-t', 'other', 'doctor'], { allowFail: true });
    t.equal(none.code, 3);
    t.match(none.stderr, /there is no pair here under the tag other/);
  });
});
