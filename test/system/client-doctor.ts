/** `zrep doctor`: a pair is broken in every way it knows, is found to be so, is mended, and can be refreshed again. */

import t, { type Test } from 'tap';
import type { Host } from '../../lab/host.ts';
import { installBuild } from '../../lab/installation.ts';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { acquaint, authorize, sshKey } from '../../lab/ssh.ts';
import { zfsKind } from '../../lab/zfs.ts';
import type { Code } from '../../src/client/doctor/codes.ts';
import type { Finding } from '../../src/client/doctor/finding.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { eventually, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { insist } from '../fixtures/system/insist.ts';

const policy = (operations: string) => `
[limits]
keep-at-least = 1
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ${operations}
resume = true
`;
const POLICY = policy('["pull", "expire", "init", "read"]');

interface Case {
  readonly code: Code;
  /** Shell for each host, with $source, $copy, and $last, the name of the last snapshot behind the @. */
  readonly there?: string;
  readonly here?: string;
  /** What mends it: `--fix`, that with `-f`, or the lines as they are printed, on the host that they are for. */
  readonly by: 'safe' | 'force' | 'lines';
  /** The doctor is asked on the fileserver, and may look at the backup server. */
  readonly onSource?: true;
  /** For what a person has to put into the lines. */
  readonly fill?: readonly (readonly [string, string])[];
}

/** No process has this number: it is above pid_max (proc(5)). */
const DEAD = '4194305';

const CASES: Readonly<Record<string, Case>> = {
  'a mark that the copy lacks': {
    here: 'zfs inherit zrep:sent $copy@$last',
    code: 'mark-missing-here',
    by: 'safe',
  },
  'a completion that was lost': {
    there: 'zfs inherit zrep:sent $source@$last',
    code: 'mark-missing',
    by: 'safe',
  },
  'a completion that was lost, seen from the source': {
    ...{ there: 'zfs inherit zrep:sent $source@$last', code: 'mark-missing', by: 'safe', onSource: true },
  },
  'a mark on what the copy never received': {
    there: 'zfs snapshot $source@zrep_00fff0; zfs set zrep:sent=$(date +%s) $source@zrep_00fff0',
    ...{ code: 'mark-wrong', by: 'lines' },
  },
  'the same, seen from the source': {
    there: 'zfs snapshot $source@zrep_01fff0; zfs set zrep:sent=$(date +%s) $source@zrep_01fff0',
    ...{ code: 'mark-wrong', by: 'safe', onSource: true },
  },
  'marks of two times': {
    here: 'zfs set zrep:sent=$(($(date +%s) - 100)) $copy@$last',
    code: 'mark-differs',
    by: 'safe',
  },
  'a mark that is no time': { here: 'zfs set zrep:sent=soon $copy@$last', code: 'mark-nonsense', by: 'safe' },
  'one snapshot of two names': {
    there: 'zfs rename $source@$last "$source@$last"_unsent',
    ...{ code: 'names-diverge', by: 'safe' },
  },
  "somebody's own snapshot of the copy": {
    here: 'zfs snapshot $copy@by-hand',
    code: 'newer-snapshots',
    by: 'force',
  },
  'a snapshot of one name on either side': {
    there: 'zfs snapshot $source@zrep_02fff0',
    here: 'zfs snapshot $copy@zrep_02fff0',
    ...{ code: 'parted', by: 'force' },
  },
  'a copy that was written to': {
    here: 'zfs set readonly=off $copy; head -c 300000 /dev/urandom >/$copy_at/change; sync; zfs set readonly=on $copy',
    ...{ code: 'copy-modified', by: 'force' },
  },
  'a copy that can be written to': { here: 'zfs inherit readonly $copy', code: 'copy-writable', by: 'safe' },
  'a copy that lies over the system': {
    here: 'zfs unmount $copy; zfs set canmount=on $copy; zfs set mountpoint=/boot $copy',
    ...{ code: 'copy-mountpoint', by: 'force' },
  },
  'a lock of a process that died': {
    here: `zfs set zrep:lock-pid=${DEAD} $copy; zfs set zrep:lock-time=20200101000000 $copy`,
    ...{ code: 'lock-stale', by: 'safe' },
  },
  'a lock of a process whose number another one has': {
    here: 'zfs set zrep:lock-pid=1 $copy; zfs set zrep:lock-time=20200101000000 $copy',
    ...{ code: 'lock-stale', by: 'safe' },
  },
  'the global lock of a process that died': {
    here: `echo ${DEAD} >/var/run/zrep.lock`,
    ...{ code: 'global-lock-stale', by: 'safe' },
  },
  'a global lock without an owner': {
    here: ': >/var/run/zrep.lock; touch -d @1 /var/run/zrep.lock',
    ...{ code: 'global-lock-unreadable', by: 'lines' },
  },
  'a save count that is none': {
    here: 'zfs set zrep:savecount=many $copy',
    code: 'savecount-wrong',
    by: 'safe',
  },
  'a save count that is none on the source': {
    there: 'zfs set zrep:savecount=0 $source',
    ...{ code: 'savecount-wrong', by: 'lines' },
  },
  'two masters': { here: 'zfs set zrep:master=yes $copy', code: 'two-masters', by: 'force' },
  'a source that is not marked as the master': {
    there: 'zfs inherit zrep:master $source',
    ...{ code: 'no-master', by: 'lines' },
  },
  'the same, on the source': {
    there: 'zfs inherit zrep:master $source',
    ...{ code: 'no-master', by: 'safe', onSource: true },
  },
  'a master whose host has another name now': {
    there: 'zfs set zrep:src-host=former $source',
    ...{ code: 'host-renamed', by: 'force', onSource: true },
  },
  'a copy without half of its configuration': {
    here: 'zfs inherit zrep:dest-fs $copy; zfs inherit zrep:dest-host $copy',
    ...{ code: 'configuration-incomplete', by: 'safe' },
  },
  'a copy that does not say of what': {
    here: 'zfs inherit zrep:src-host $copy',
    ...{ code: 'configuration-incomplete', by: 'lines', fill: [['FILESERVER', 'fileserver']] },
  },
  'a host that would be an option of ssh': {
    here: 'zfs set zrep:src-host=-oProxyCommand=reboot $copy',
    ...{ code: 'configuration-unusable', by: 'lines' },
    fill: [
      ['=HOST', '=fileserver'],
      ['=POOL/FS', '=$source'],
    ],
  },
  'a copy that was renamed': {
    here: 'zfs set zrep:dest-fs=vault/former $copy',
    code: 'copy-renamed',
    by: 'lines',
  },
  'a source that is the partner of another': {
    there: 'zfs set zrep:dest-fs=other/copy $source',
    ...{ code: 'other-pair', by: 'lines' },
  },
};

/** A connection that is there already, since a handshake takes longer than all else here. */
const SHARED = { SSH: 'ssh -S /run/lab/shared-root' };

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, vault } = gate;
  for (const host of [fileserver, backup]) await installBuild(host, { program: 'zrep' });
  await letIn(fileserver, backup);
  await gate.share();
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  const pair = await makePair(gate, 'home/pair', { savecount: 9 });
  const refresh = async (t: Test, { source, destination }: Pair = pair) => {
    await writeData(fileserver, source, 'news', 16);
    const { code, stderr } = await backup.run(['zrep', 'refresh', destination], {
      allowFail: true,
      env: SHARED,
    });
    t.equal(code, 0, 'the refresh succeeds', { said: stderr });
    const newest = async (host: Host, dataset: string) => (await snapshotsOf(host, dataset)).at(-1);
    t.same(await newest(backup, destination), await newest(fileserver, source));
  };
  const inShell = (host: Host, script: string, { source, destination }: Pair = pair) =>
    host.script(
      `source=${source} copy=${destination} copy_at=${destination.replace(vault, 'vault')}
      last=$(zfs list -H -o name -t snapshot -s creation | grep "^${host === backup ? destination : source}@zrep" | sort | tail -1 | cut -d@ -f2)
      ${script}`,
    );

  t.test('a healthy pair is well, on both sides and to monitoring', async (t) => {
    await refresh(t);
    t.match(await doctor(backup, pair.destination), { code: 0, codes: [] });
    t.match(await doctor(fileserver, pair.source), { code: 0, codes: [] });
    const { stdout } = await backup.run(['zrep', 'doctor', pair.destination]);
    t.equal(stdout, 'backup: nothing wrong (1 pair looked at, on both sides).\n');
  });

  for (const [name, { code, there, here, by, onSource, fill = [] }] of Object.entries(CASES)) {
    t.test(`${name}: ${code}`, async (t) => {
      if (there !== undefined) await inShell(fileserver, there);
      if (here !== undefined) await inShell(backup, here);
      const [host, dataset] = onSource ? [fileserver, pair.source] : [backup, pair.destination];
      const found = await doctor(host, dataset);
      t.same([found.code, found.codes], [1, [code]], 'is found', { said: found.said });
      const { mend } = found.findings[0] as Finding;
      if (by === 'lines') {
        const lines = fill.reduce((text, [from, to]) => text.replaceAll(from, to), mend.lines.join('\n'));
        await inShell(mend.on === 'fileserver' ? fileserver : host, lines);
        const after = await doctor(host, dataset);
        t.same([after.code, after.codes], [0, []], 'nothing is left', { said: after.said });
      } else {
        t.equal(mend.by, by);
        if (by === 'force') {
          const refused = await doctor(host, '--fix', dataset);
          t.same([refused.code, refused.codes, refused.mended], [1, [code], []], 'not without -f');
        }
        const fixed = await doctor(host, '--fix', ...(by === 'force' ? ['-f'] : []), dataset);
        t.same([fixed.code, fixed.codes, fixed.mended], [0, [], [code]], 'is mended', { said: fixed.said });
      }
      await refresh(t);
    });
  }

  t.test('clocks that differed are told of until the next refresh', async (t) => {
    await inShell(fileserver, 'zfs set zrep:sent=1700000000 $source@$last');
    await inShell(backup, 'zfs set zrep:sent=1700000000 $copy@$last');
    t.match(await doctor(backup, pair.destination), { code: 1, codes: ['clock-skew'] });
    await refresh(t);
    t.match(await doctor(backup, pair.destination), { code: 0, codes: [] });
  });

  t.test('while another zrep is at work, that is a note, and its lock is left alone', async (t) => {
    await inShell(backup, 'zfs set zrep:lock-pid=1 $copy');
    t.match(await doctor(backup, '--fix', pair.destination), { code: 0, codes: ['at-work'], mended: [] });
    await inShell(backup, 'zfs inherit zrep:lock-pid $copy');
  });

  t.test(
    'what the gate does not let it read is told, with what to grant, and is not called good',
    async (t) => {
      await gate.policy(policy('["pull", "expire", "init"]'));
      const unseen = await doctor(backup, pair.destination);
      t.match(unseen, { code: 3, codes: ['not-looked'] });
      t.match(unseen.findings[0]?.mend, { on: 'fileserver', lines: [/"read"/] });
      await gate.policy(POLICY.replace(/dataset = .*\nsubtree = true/, 'dataset = "tank/home/pair"'));
      const alone = await doctor(backup, pair.destination);
      const mends = alone.findings.map(({ mend }) => mend.lines);
      // zfs-fuse lists snapshots only with what is below.
      t.same(mends, zfsKind() === 'zfs-fuse' ? [['subtree = true']] : []);
      t.match(await doctor(backup, '--here', pair.destination), { code: 0, codes: [] });
      await inShell(backup, 'zfs inherit readonly $copy');
      t.match(await doctor(backup, '--fix', pair.destination), { code: 3, mended: ['copy-writable'] });
      await gate.policy(POLICY);
      await refresh(t);
    },
  );

  t.test('a source that is not there, nor its host, is told, and not called good', async (t) => {
    await inShell(backup, 'zfs set zrep:src-fs="$source"x $copy');
    const gone = await doctor(backup, pair.destination);
    t.match(gone, { code: 3, codes: ['not-looked'] });
    t.match(gone.findings[0]?.what, /pairx on fileserver, was not seen: .* is not there, or not for us/);
    await inShell(backup, 'zfs set zrep:src-fs=$source $copy; zfs set zrep:src-host=nosuch.invalid $copy');
    const lost = await backup.run(['zrep', 'doctor', pair.destination], { allowFail: true });
    t.equal(lost.code, 3);
    t.match(lost.stdout.replace(/\s+/g, ' '), /was not seen: cannot connect to nosuch\.invalid: ssh: /);
    await inShell(backup, 'zfs set zrep:src-host=fileserver $copy');
  });

  t.test('what is named and is no pair is told', async (t) => {
    await backup.run(['zfs', 'create', `${vault}/home/plain`]);
    await backup.run(['zfs', 'create', `${pair.destination}/child`]);
    const names = [`${vault}/home/plain`, `${vault}/home/nosuch`, `${pair.destination}/child`];
    t.match(await doctor(backup, ...names), {
      code: 1,
      codes: ['not-a-pair', 'no-such-dataset', 'configuration-inherited'],
    });
    await insist(backup, ['zfs', 'destroy', `${pair.destination}/child`]);
    t.equal((await backup.run(['zrep', 'doctor', '-x'], { allowFail: true })).code, 2);
    const none = await backup.run(['zrep', '-t', 'other', 'doctor'], { allowFail: true });
    t.equal(none.code, 3);
    t.match(none.stderr, /there is no pair here under the tag other/);
  });

  t.test('a source without any mark, whose copy is not seen, can be marked by what is printed', async (t) => {
    await inShell(
      fileserver,
      'for name in $(zfs list -H -o name -t snapshot | grep "^$source@"); do zfs inherit zrep:sent $name; done',
    );
    const found = await doctor(fileserver, '--here', pair.source);
    t.match(found, { code: 1, codes: ['never-marked'] });
    await inShell(fileserver, found.findings[0]?.mend.lines.join('\n') ?? 'false');
    t.match(await doctor(fileserver, '--here', pair.source), { code: 0, codes: [] });
    await refresh(t);
  });

  t.test(
    'without a snapshot in common the pair is begun anew by what is printed, and the old copy stays',
    async (t) => {
      const parted = await makePair(gate, 'home/parted');
      await inShell(fileserver, 'zfs snapshot $source@zrep_000001; zfs destroy $source@zrep_000000', parted);
      const found = await doctor(backup, parted.destination);
      t.match(found, { code: 1, codes: ['no-common-snapshot'] });
      const [clear = '', rename = '', ...more] = found.findings[0]?.mend.lines ?? [];
      await fileserver.script(clear.replace('clear', 'clear -f'));
      await backup.run(['zfs', 'unmount', parted.destination], { allowFail: true });
      await insist(backup, rename.split(' '));
      await backup.script(more.join('\n'));
      t.match(await doctor(backup, parted.destination), { code: 0, codes: [] });
      t.same(await snapshotNames(backup, `${parted.destination}_old`), ['zrep_000000']);
      t.match(await doctor(backup, `${parted.destination}_old`), { codes: ['not-a-pair'] });
      await refresh(t, parted);
    },
  );
});

/** Root of `from` into a shell of `to`, which takes no root without a forced command. */
async function letIn(from: Host, to: Host): Promise<void> {
  await acquaint(from, to);
  const { publicKey } = await sshKey(from, 'id_ed25519');
  await to.writeFile('/root/bin/account', '#!/bin/sh\nexec /bin/sh -c "$SSH_ORIGINAL_COMMAND"\n', {
    mode: 0o755,
  });
  await authorize(to, 'root', `command="/root/bin/account" ${publicKey}`);
  from.spawn(['ssh', '-M', '-N', '-S', '/run/lab/shared-root', to.name]);
  const check = () =>
    from.run(['ssh', '-S', '/run/lab/shared-root', '-O', 'check', to.name], { allowFail: true });
  await eventually(check, ({ code }) => code === 0);
}
