/** `zrep doctor` and what is wrong with snapshots, their marks, or what the copy holds: found, mended, and refreshed again. */

import t from 'tap';
import { writeData } from '../../lab/pair.ts';
import { type Case, inDoctorLab } from '../fixtures/system/doctor-lab.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';

/** Shell that writes to the copy. */
const CHANGE =
  'zfs set readonly=off $copy; head -c 300000 /dev/urandom >/$copy_at/change; sync; zfs set readonly=on $copy';

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
  "somebody's own snapshot of the copy, with changes": {
    here: `${CHANGE}; zfs snapshot $copy@by-hand`,
    ...{ code: 'newer-snapshots', by: 'force' },
  },
  'an older snapshot of the copy with the name of one that is to come': {
    there: 'zfs snapshot $source@weekly',
    here: 'zfs rename "$(zfs list -H -o name -t snapshot -s creation | grep "^$copy@zrep" | sort | head -n 1)" $copy@weekly',
    ...{ code: 'name-taken', by: 'lines' },
  },
  'a snapshot of one name on either side': {
    there: 'zfs snapshot $source@zrep_02fff0',
    here: 'zfs snapshot $copy@zrep_02fff0',
    ...{ code: 'parted', by: 'force' },
  },
  'a copy that was written to': {
    here: CHANGE,
    ...{ code: 'copy-modified', by: 'force' },
  },
};

await inDoctorLab(t, ({ gate, pair, refresh, inShell, breaksAndMends }) => {
  breaksAndMends(CASES);

  const { fileserver, backup } = gate;

  t.test('a snapshot of the copy that holds no changes is not in the way', async (t) => {
    await inShell(backup, 'zfs snapshot $copy@empty');
    t.match(await doctor(backup, pair.destination), { code: 0, codes: [] });
    await refresh(t);
  });

  t.test('clocks that differed are told of until the next refresh', async (t) => {
    await inShell(fileserver, 'zfs set zrep:sent=1700000000 $source@$last');
    await inShell(backup, 'zfs set zrep:sent=1700000000 $copy@$last');
    t.match(await doctor(backup, pair.destination), { code: 1, codes: ['clock-skew'] });
    await refresh(t);
    t.match(await doctor(backup, pair.destination), { code: 0, codes: [] });
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

  t.test('a snapshot that was destroyed on the copy: what came with it comes again', async (t) => {
    await writeData(fileserver, pair.source, 'more', 512);
    await refresh(t);
    await inShell(backup, 'zfs destroy $copy@$last');
    const found = await doctor(backup, pair.destination);
    t.match(found, { code: 1, codes: ['base-destroyed'] });
    const onSource = await doctor(fileserver, pair.source);
    t.match(onSource, { code: 1, codes: ['base-destroyed'] }, 'on either host');
    const fixed = await doctor(backup, '--fix', '-f', pair.destination);
    t.match(fixed, { code: 1, codes: ['mark-wrong'], mended: ['base-destroyed'] }, fixed.said);
    t.match(await doctor(fileserver, '--fix', pair.source), { code: 0, mended: ['mark-wrong'] });
    await refresh(t);
    t.match(await doctor(backup, pair.destination), { code: 0, codes: [] });
  });
});
