/** Both hosts slow, and several at work there: whoever waits for the global lock waits, and none of them fails. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import type { Lab } from '../../lab/lab.ts';
import { carry, type Pair } from '../../lab/pair.ts';
import { authorize } from '../../lab/ssh.ts';
import { zfsKind } from '../../lab/zfs.ts';
import { eventually } from '../fixtures/eventually.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';

const SLOW_ZFS = '/usr/local/sbin/zfs-slow';

/** Every change takes so long, as on a loaded pool; in seconds. */
const SLOW = `#!/bin/sh
case "$1" in set | inherit | snapshot | destroy | bookmark | program | receive) sleep "\${SECONDS_EACH:-0.3}" ;; esac
exec /usr/sbin/zfs "$@"
`;

/**
 * root's cron job with the original zrep, as far as locks go: it takes the global lock and the lock of the file system $1 as that does, and
 * releases the second one; once so slowly that both changes take longer than it waits itself, and then every few seconds until there is /run/lab/enough.
 */
const STOCK = `#!/bin/sh
export SECONDS_EACH=6
lock=/var/run/zrep.lock rounds=0
until [ -e /run/lab/enough ]; do
  tries=10
  until (set -C; echo $$ >$lock) 2>/dev/null; do
    [ $tries = 0 ] && { echo "Failed to acquire global lock after $rounds rounds"; exit 1; }
    tries=$((tries - 1))
    sleep 1
  done
  ${SLOW_ZFS} set zrep:lock-pid=$$ $1
  ${SLOW_ZFS} set zrep:lock-time=$(date +%Y%m%d%H%M%S) $1
  rm $lock
  SECONDS_EACH=0.3
  ${SLOW_ZFS} inherit zrep:lock-time $1
  ${SLOW_ZFS} inherit zrep:lock-pid $1
  rounds=$((rounds + 1))
  sleep 3
done
echo $rounds
`;

/** File systems of each client. */
const CLIENTS = { backup1: 20, backup2: 2 };

const GRANTS = Object.keys(CLIENTS).map(
  (client) => `
[client.${client}]
[[client.${client}.grant]]
dataset = "tank/${client}"
subtree = true
operations = ["pull", "expire"]
`,
);

const POLICY = `
zfs = "${SLOW_ZFS}"
[limits]
keep-at-least = 1
keep-for = "0 seconds"
${GRANTS.join('')}`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup } = gate;
  const hosts = [fileserver, backup];
  await provideBuild(backup, { program: 'zrep' });
  for (const host of hosts) {
    await host.writeFile(SLOW_ZFS, SLOW, { mode: 0o755 });
    await host.writeFile('/usr/local/sbin/stock', STOCK, { mode: 0o755 });
    await host.run(['zfs', 'create', `${host.pool}/stock`]);
  }
  const { publicKey } = await gate.sshKey('second');
  await authorize(fileserver, 'root', `command="/usr/bin/zrep-gate serve backup2",restrict ${publicKey}`);
  const pairs: Record<string, Pair[]> = {};
  for (const [client, count] of Object.entries(CLIENTS)) pairs[client] = await makePairs(gate, client, count);
  const { backup1: many = [], backup2: few = [] } = pairs;

  t.test(
    'twenty file systems at four at a time, another client, and the original zrep on both sides: all succeed',
    async (t) => {
      const cron = hosts.map((host) =>
        host.script(`stock ${host.pool}/stock`, { allowFail: true, timeoutMs: 300_000 }),
      );
      for (const host of hosts) {
        const held = () => host.run(['test', '-s', '/var/run/zrep.lock'], { allowFail: true });
        t.equal((await eventually(held, ({ code }) => code === 0)).code, 0, 'it holds the global lock');
      }
      const refresh = (all: readonly Pair[], environment: string) => {
        const names = all.map(({ destination }) => destination).join(' ');
        const script = `${environment} ZREP_ZFS=${SLOW_ZFS} zrep refresh -j 4 ${names}`;
        return backup.script(script, { allowFail: true, timeoutMs: 300_000 });
      };
      const second = 'SSH="ssh -i /root/.ssh/second -o IdentitiesOnly=yes"';
      const ends = await Promise.all([refresh(many, ''), refresh(few, second)]);
      for (const host of hosts) await host.writeFile('/run/lab/enough', '');
      for (const { code, stdout, stderr } of ends) t.equal(code, 0, 'refreshed', { said: stdout + stderr });
      for (const { code, stdout } of await Promise.all(cron))
        t.equal(code, 0, `the original one got its lock each time: ${stdout.trim()}`);
      for (const [host, side] of [
        [fileserver, 'source'],
        [backup, 'destination'],
      ] as const) {
        const snapshots = [...many, ...few].map((pair) => `${pair[side]}@zrep_000001`);
        const { stdout } = await host.run(['zfs', 'get', '-Ho', 'value', 'zrep:sent', ...snapshots]);
        t.match(stdout, /^(?:\d+\n)+$/, `all are marked on ${host.name}`);
        t.equal(
          (await host.script('ls -d /run/zrep.lock 2>/dev/null || true')).stdout,
          '',
          'no lock is left',
        );
      }
    },
  );
});

/** As `makePair`, `count` of them below POOL/NAME, by one stream: a pair for each takes half a minute in a guest. */
async function makePairs(lab: Lab, name: string, count: number): Promise<Pair[]> {
  const { fileserver, backup } = lab;
  const [source, destination] = [`${fileserver.pool}/${name}`, `${backup.pool}/${name}`];
  const all = Array.from({ length: count }, (_, index) => `p${index}`);
  await fileserver.script(`
    zfs create ${source}
    for one in ${all.join(' ')}; do zfs create ${source}/$one; done
    zfs snapshot -r ${source}@zrep_000000`);
  await carry(lab, ['zfs', 'send', '-R', `${source}@zrep_000000`], ['zfs', 'receive', destination]);
  const sent = Math.floor(Date.now() / 1000);
  for (const [host, side, last] of [
    [fileserver, source, 'zrep:master=yes'],
    [backup, destination, 'readonly=on'],
  ] as const)
    await host.script(`
      for one in ${all.join(' ')}; do
        for setting in zrep:src-fs=${source}/$one zrep:src-host=${fileserver.name} zrep:dest-fs=${destination}/$one \
          zrep:dest-host=${backup.name} zrep:savecount=2 ${last}; do echo "$setting"; done |
          ${zfsKind() === 'kernel' ? 'xargs' : 'xargs -n 1'} sh -c 'zfs set "$@" ${side}/'$one sh
        zfs set zrep:sent=${sent} ${side}/$one@zrep_000000
      done`);
  return all.map((one) => ({
    source: `${source}/${one}`,
    destination: `${destination}/${one}`,
    tag: 'zrep',
  }));
}
