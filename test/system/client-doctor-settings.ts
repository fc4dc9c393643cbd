/** `zrep doctor` and what is wrong with the settings of a pair, its roles and its locks: found, mended, and refreshed again. */

import t from 'tap';
import { type Case, inDoctorLab } from '../fixtures/system/doctor-lab.ts';

/** No process has this number: it is above pid_max (proc(5)). */
const DEAD = '4194305';

const CASES: Readonly<Record<string, Case>> = {
  'a copy that can be written to': { here: 'zfs inherit readonly $copy', code: 'copy-writable', by: 'force' },
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
    ...{ code: 'source-renamed', by: 'force', onSource: true },
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
    ...{ code: 'copy-renamed', by: 'lines', fill: [['zrep renamed', 'zrep renamed -f']] },
  },
  'a source that is the partner of another': {
    there: 'zfs set zrep:dest-fs=other/copy $source',
    ...{ code: 'other-pair', by: 'lines' },
  },
};

const GLOBAL: Readonly<Record<string, Case>> = {
  'the global lock of a process that died': {
    here: `echo ${DEAD} >/var/run/zrep.lock`,
    ...{ code: 'global-lock-stale', by: 'safe' },
  },
  'a global lock without an owner': {
    here: ': >/var/run/zrep.lock; touch -d @1 /var/run/zrep.lock',
    ...{ code: 'global-lock-unreadable', by: 'lines' },
  },
};

await inDoctorLab(t, ({ breaksAndMends }) => {
  breaksAndMends(CASES);
  // Of both there is one for all pairs.
  for (const [name, one] of Object.entries(GLOBAL)) breaksAndMends({ [name]: one });
});
