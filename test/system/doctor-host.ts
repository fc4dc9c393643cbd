/** The doctor on files, the policy, datasets, records and locks: each mistake is made, found, mended, and gone. */

import t from 'tap';
import { inDoctorLab, type Mistake, POLICY, ROOT_KEYS } from '../fixtures/system/doctor.ts';

const POLICY_TEXT = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire"]
`;

const GATE = 'real=$(realpath /usr/bin/zrep-gate); folder=$(dirname "$real")';
const again = { by: `cp -p /run/lab/kept${POLICY} ${POLICY}` };
const append = (...lines: string[]): string => lines.map((line) => `echo '${line}' >>${POLICY}`).join('\n');
const atTop = (...lines: string[]): string =>
  `{ printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')}; cat ${POLICY}; } >/run/lab/policy; cat /run/lab/policy >${POLICY}`;

const FILES: Record<string, Mistake> = {
  'node can be written by others': { make: 'chmod go+w /usr/bin/node', code: 'file-not-roots', where: '/usr/bin/node', line: 'chmod go-w /usr/bin/node', mend: 'run' },
  'node is not root\'s': { make: 'chown zrep /usr/bin/node', code: 'file-not-roots', where: '/usr/bin/node', line: 'chown root /usr/bin/node', mend: 'run' },
  'zfs is not root\'s': { make: 'chown zrep "$(realpath /usr/sbin/zfs)"', code: 'file-not-roots', where: /zfs$/, line: 'chown root', mend: 'run' },
  'zfs is not there': { make: 'mv /usr/sbin/zfs /usr/sbin/zfs.kept', code: 'program-missing', where: `${POLICY}: zfs`, also: ['zfs-fails'], mend: { by: 'mv /usr/sbin/zfs.kept /usr/sbin/zfs' } },
  'the gate can be written by others': { make: `${GATE}; chmod go+w "$real"`, code: 'file-not-roots', where: /zrep-gate/, line: 'chmod go-w', mend: 'run' },
  'a part of the gate can be written by others': { make: `${GATE}; chmod go+w "$folder/admin.cjs"`, code: 'file-not-roots', where: /admin\.cjs$/, line: 'chmod go-w', mend: 'run' },
  'the folder of the gate is not root\'s': { make: `${GATE}; chown zrep "$folder"`, code: 'file-not-roots', where: /dist$/, line: 'chown root', mend: 'run' },
  'the folder of programs can be written by others': { make: 'chmod o+w /usr/bin', code: 'file-not-roots', where: '/usr/bin', line: 'chmod go-w /usr/bin', mend: 'run' },
  'a filter that is not there': { make: `${append('filters = ["lz4"]')}; mv /usr/bin/lz4 /usr/bin/lz4.kept`, code: 'filter-missing', where: `${POLICY}: filter lz4`, mend: { by: 'mv /usr/bin/lz4.kept /usr/bin/lz4' } },
  'a folder for locks that others can write': { make: `install -d -m 777 /run/lab/locks; ${atTop('[zrep]', 'rundir = "/run/lab/locks"')}`, code: 'rundir-not-roots', where: '/run/lab/locks', line: 'chmod go-w /run/lab/locks', mend: 'run', after: 'rmdir /run/lab/locks' },
  "the gate's own folder beside the lock that others can write": { make: 'install -d -m 777 /run/zrep-gate', code: 'rundir-not-roots', where: '/run/zrep-gate', line: 'chmod go-w /run/zrep-gate', mend: 'run', after: 'rm -r /run/zrep-gate' },
  'a folder for locks that is not there': { make: atTop('[zrep]', 'rundir = "/run/lab/locks"'), code: 'rundir-missing', where: `${POLICY}: zrep.rundir`, line: 'install -d -m 755 /run/lab/locks', mend: 'run', after: 'rmdir /run/lab/locks' },
}; // biome-ignore format: one table

const POLICIES: Record<string, Mistake> = {
  'a policy that others can write': { make: `chmod 666 ${POLICY}`, code: 'policy-not-roots', where: POLICY, line: `chmod go-w ${POLICY}`, mend: 'run' },
  'a policy of somebody else': { make: `chown zrep ${POLICY}`, code: 'policy-not-roots', where: POLICY, line: `chown root ${POLICY}`, mend: 'run' },
  'a policy in a folder that others can write': { make: 'chmod 777 /etc/zrep-gate', code: 'policy-not-roots', where: POLICY, line: 'chmod go-w /etc/zrep-gate', mend: 'run' },
  'a policy behind a link': { make: 'mv /etc/zrep-gate /etc/kept; ln -s kept /etc/zrep-gate', code: 'policy-not-roots', where: POLICY, mend: { by: 'rm /etc/zrep-gate; mv /etc/kept /etc/zrep-gate' } },
  'a link in the place of a policy': { make: `mv ${POLICY} ${POLICY}.kept; ln -s ${POLICY}.kept ${POLICY}`, code: 'policy-unusable', where: POLICY, also: ['policy-not-roots'], mend: { by: `mv ${POLICY}.kept ${POLICY}` } },
  'no policy': { make: `rm ${POLICY}`, code: 'policy-unusable', where: POLICY, line: 'zrep-gate check --policy', mend: again },
  'an empty policy': { make: `: >${POLICY}`, code: 'policy-unusable', where: POLICY, mend: again },
  'a policy with an unknown key': { make: append('subtrees = true'), code: 'policy-unusable', where: POLICY, mend: again },
  'a policy that is no TOML': { make: append('[client'), code: 'policy-unusable', where: POLICY, mend: again },
  'a policy that was cut off': { make: `truncate -s -8 ${POLICY}`, code: 'policy-unusable', where: POLICY, mend: again },
  'a policy with a key twice': { make: append('dataset = "tank/two"'), code: 'policy-unusable', where: POLICY, mend: again },
  'a policy with __proto__': { make: append('[__proto__]', 'x = 1'), code: 'policy-unusable', where: POLICY, mend: again },
  'a policy of ten megabytes': { make: `yes "# much" | head -c 10485760 >>${POLICY}`, code: 'policy-unusable', where: POLICY, mend: again },
  'a pipe in the place of a policy': { make: `rm ${POLICY}; mkfifo -m 644 ${POLICY}`, code: 'policy-unusable', where: POLICY, mend: { by: `rm ${POLICY}; ${again.by}` } },
  'an example that is not so': { make: append('[[example]]', 'client = "backup1"', 'command = "id"', 'verdict = "allow"'), code: 'policy-example', where: POLICY, mend: again },
  'a client without a key': { make: append('[client.backup2]'), code: 'client-without-key', where: 'client.backup2', line: 'zrep-gate authorize backup2', mend: again },
  'a client with other addresses than its key': { make: `sed -i 's/^.client.backup1.$/&\\nfrom = ["192.0.2.0\\/24"]/' ${POLICY}`, code: 'key-from-differs', where: 'authorized_keys:1', line: 'from="192.0.2.0/24"', also: ['key-from-differs'], mend: again },
  'no key at all': { make: `: >${ROOT_KEYS}; : >/var/lib/zrep/.ssh/authorized_keys`, code: 'no-gate-line', where: 'authorized_keys', also: ['client-without-key'], mend: { by: 'cp -p /run/lab/kept/root/.ssh/authorized_keys /root/.ssh/authorized_keys' } },
}; // biome-ignore format: one table

const STATE: (tank: string) => Record<string, Mistake> = (tank) => ({
  'a grant for what is not there': { make: `sed -i 's#/home"#/gone"#' ${POLICY}`, code: 'dataset-missing', where: 'client.backup1.grant[1]', line: `zfs create ${tank}/gone`, also: [], mend: again },
  'a grant whose name was mistyped': { make: `sed -i 's#/home"#/hmoe"#' ${POLICY}`, code: 'dataset-missing', where: 'client.backup1.grant[1]', line: `dataset = "${tank}/home"`, also: [], mend: again },
  'a grant in a pool that is not imported': { make: `sed -i 's#"[a-z0-9]*/home"#"lagoon/home"#' ${POLICY}`, code: 'dataset-missing', where: 'client.backup1.grant[1]', line: 'zpool import lagoon', also: [], mend: again },
  'a grant for what is no pair': { make: `zfs create ${tank}/plain; sed -i 's#/home"#/plain"#' ${POLICY}`, code: 'dataset-not-master', where: 'client.backup1.grant[1]', line: `zrep init ${tank}/plain`, mend: again },
  'a grant for a tree without a pair': { make: `zfs create ${tank}/tree; sed -i 's#/home"#/tree"#; $asubtree = true' ${POLICY}`, code: 'dataset-not-master', where: 'client.backup1.grant[1]', line: `zrep init ${tank}/tree`, mend: again },
  'a file system below the pair that nobody pulls': { make: `zfs create ${tank}/home/new; zfs snapshot ${tank}/home@zrep_000009; zfs set zrep:sent=1 ${tank}/home@zrep_000009; sed -i '$asubtree = true' ${POLICY}`, code: 'not-backed-up', where: 'client.backup1.grant[1]', line: `except = ["${tank}/home/new"]`, mend: again },
  'a file system of which another host is the master': { make: `zfs set zrep:src-host=elsewhere ${tank}/home`, code: 'source-renamed', where: `${tank}/home`, line: `zfs set zrep:src-host=fileserver ${tank}/home`, mend: 'run' },
  'a file system whose lock is of the dead': { make: `zfs set zrep:lock-pid=4000000 ${tank}/home; zfs set zrep:lock-time=20200101000000 ${tank}/home`, code: 'dataset-lock-stale', where: `${tank}/home: zrep:lock-pid`, mend: { by: `zfs inherit zrep:lock-pid ${tank}/home; zfs inherit zrep:lock-time ${tank}/home` } },
  'a global lock of the dead': { make: 'echo 4000000 >/run/zrep.lock', code: 'global-lock-stale', where: '/run/zrep.lock', line: 'rm /var/run/zrep.lock', mend: 'run' },
  'a lock for breaking locks of the dead': { make: 'echo 4000000 >/run/zrep.lock.break', code: 'break-lock-stale', where: '/run/zrep.lock.break', line: 'rm /var/run/zrep.lock.break', mend: 'run' },
  'a global lock that is a folder': { make: 'mkdir /run/zrep.lock', code: 'global-lock-unreadable', where: '/run/zrep.lock', line: 'rmdir /var/run/zrep.lock', mend: 'run' },
  'a global lock that nobody can read': { make: "touch -d '1 minute ago' /run/zrep.lock", code: 'global-lock-unreadable', where: '/run/zrep.lock', mend: 'run' },
  'no syslog': { make: 'mv /dev/log /dev/log.kept', code: 'syslog-missing', where: '/dev/log', mend: { by: 'mv /dev/log.kept /dev/log' } },
  'a file for a syslog': { make: 'mv /dev/log /dev/log.kept; : >/dev/log', code: 'syslog-missing', where: '/dev/log', mend: { by: 'mv /dev/log.kept /dev/log' } },
  'a syslog that is dead': { make: `${atTop('[audit]', 'syslog = "local:/run/lab/dead"')}; timeout -s KILL 2 node -e 'require("net").createServer().listen("/run/lab/dead", () => process.kill(process.pid, "SIGKILL"))' || true`, code: 'syslog-nobody-listens', where: '/run/lab/dead', mend: again, after: 'rm /run/lab/dead' },
  'no records at all': { make: atTop('[audit]', 'syslog = "off"'), code: 'audit-off', where: `${POLICY}: audit.syslog`, line: 'syslog = "local"', mend: again },
  'a file for records whose folder is not there': { make: atTop('[audit]', 'file = "/var/log/gate/audit.jsonl"'), code: 'audit-file-unusable', where: '/var/log/gate/audit.jsonl', line: 'install -d -m 750 /var/log/gate', mend: { by: 'install -d -m 750 /var/log/gate; echo "/var/log/gate/*.jsonl { weekly }" >/etc/logrotate.d/gate' }, after: 'rm -r /var/log/gate /etc/logrotate.d/gate' },
  'a folder in the place of the file for records': { make: `${atTop('[audit]', 'file = "/var/log/gate"')}; mkdir /var/log/gate; echo /var/log/gate >/etc/logrotate.d/gate`, code: 'audit-file-unusable', where: '/var/log/gate', line: 'mv /var/log/gate /var/log/gate.old', mend: 'run', after: 'rmdir /var/log/gate.old; rm /etc/logrotate.d/gate' },
  'a file for records on a full disk': { make: `mkdir /var/log/gate; mount -t tmpfs -o size=8k,mode=700 none /var/log/gate; ${atTop('[audit]', 'file = "/var/log/gate/a.jsonl"')}; head -c 100000 /dev/zero >/var/log/gate/full || echo '/var/log/gate/*.jsonl { weekly }' >/etc/logrotate.d/gate`, code: 'audit-file-unusable', where: '/var/log/gate/a.jsonl', line: 'df -h /var/log/gate', mend: { by: 'rm /var/log/gate/full' }, after: 'umount /var/log/gate; rm -r /var/log/gate /etc/logrotate.d/gate' },
  'a file for records on a disk that cannot be written to': { make: `mkdir /var/log/gate; mount -t tmpfs -o mode=700,ro none /var/log/gate; ${atTop('[audit]', 'file = "/var/log/gate/a.jsonl"')}; echo '/var/log/gate/*.jsonl { weekly }' >/etc/logrotate.d/gate`, code: 'audit-file-unusable', where: '/var/log/gate/a.jsonl', line: 'findmnt -T /var/log/gate', mend: { by: 'mount -o remount,rw /var/log/gate' }, after: 'umount /var/log/gate; rm -r /var/log/gate /etc/logrotate.d/gate' },
  'a file for records in a folder that others can write': { make: `${atTop('[audit]', 'file = "/var/log/gate/a.jsonl"')}; install -d -m 775 /var/log/gate; echo "/var/log/gate/*.jsonl { weekly }" >/etc/logrotate.d/gate`, code: 'audit-folder-not-roots', where: '/var/log/gate', line: 'chmod go-w /var/log/gate', mend: 'run', after: 'rm -r /var/log/gate /etc/logrotate.d/gate' },
  'a file for records that grows for ever': { make: atTop('[audit]', 'file = "/var/log/audit.jsonl"'), code: 'audit-file-not-rotated', where: '/var/log/audit.jsonl', line: '/var/log/audit.jsonl { weekly', mend: { by: 'echo "/var/log/audit.jsonl { weekly }" >/etc/logrotate.d/gate' }, after: 'rm /etc/logrotate.d/gate' },
}); // biome-ignore format: one table

await inDoctorLab(t, POLICY_TEXT, ({ tank }) => ({ ...FILES, ...POLICIES, ...STATE(tank) }));
