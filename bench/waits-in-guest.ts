/**
 * In a guest with OpenZFS: for how many transaction groups a refresh waits on each side, how often it calls zfs, and how long it takes, on
 * a fast disk and on a slow one. Prints the table. `npm run bench -- waits` runs it.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { installPolicy, letInAs, provideBuild } from '../lab/installation.ts';
import { startLab } from '../lab/lab.ts';
import { makePair, writeData } from '../lab/pair.ts';
import { addAccount } from '../lab/ssh.ts';
import { pools } from '../lab/zfs.ts';
import { callsOn, installWrapper } from '../test/fixtures/system/wrapper.ts';
import { type Subject, setUpRivals } from './rivals.ts';
import { makeSlowDisk } from './slow-disk.ts';
import { median, seconds } from './timing.ts';

const ROUNDS = 3;
const MANY = 100;
const [ZFS, REAL] = ['/usr/sbin/zfs', '/usr/sbin/zfs-real'];
const ACCOUNT = 'zrep';

/** By itself zfs begins a transaction group every five seconds. */
writeFileSync('/sys/module/zfs/parameters/zfs_txg_timeout', '600');

const disks = [await makeSlowDisk('source', 1024), await makeSlowDisk('copy', 1024)] as const;
const shape = pools('kernel');
const lab = await startLab({
  loginsAsShipped: true,
  pools: {
    fileserver: { ...shape.fileserver, device: disks[0].device },
    backup: { ...shape.backup, device: disks[1].device },
  },
});
try {
  await measure();
} finally {
  for (const disk of disks) await disk.setDelay(0);
  await lab.stop();
}

async function measure(): Promise<void> {
  const { fileserver, backup } = lab;
  const hosts = [fileserver, backup];
  await provideBuild(fileserver);
  await provideBuild(backup, { program: 'zrep' });
  const grant = `[[client.CLIENT.grant]]
dataset = "${fileserver.pool}/waits"
subtree = true
operations = ["pull", "expire"]`;
  const policy = (rundir: string) =>
    installPolicy(
      fileserver,
      `[zrep]\nrundir = "${rundir}"\n[audit]\nsyslog = "off"\nrequired = false
[limits]\nsnapshots-per-hour = 3600\nkeep-at-least = 1\nkeep-for = "0 seconds"\n[client.bench]\n${grant.replace('CLIENT', 'bench')}\n`,
    );
  await policy('/var/run');
  await letInAs(lab, 'bench', 'root');
  for (const host of hosts) await host.run(['zfs', 'create', `${host.pool}/waits`]);
  const own = async (name: string) => {
    const { source, destination } = await makePair(lab, `waits/${name}`, { savecount: 2 });
    return { name: 'ours', source, destination, refresh: `zrep refresh ${destination}` };
  };
  const ours = await own('ours');
  const { subjects, lacking } = await setUpRivals(lab);
  const all = [ours, ...subjects];

  heading();
  for (const delay of [0, 50]) {
    for (const disk of disks) await disk.setDelay(delay);
    await row(delay === 0 ? 'small refresh, fast disk' : `small refresh, each request ${delay} ms`, all);
  }
  for (const disk of disks) await disk.setDelay(0);

  await row(`-I through ${MANY} snapshots`, [await own('many'), await plainReceive()], 1, MANY - 1);

  await addAccount(fileserver, ACCOUNT);
  await letInAs(lab, 'bench', ACCOUNT);
  await fileserver.run(['install', '-d', '-m', '0755', '-o', ACCOUNT, '/run/zrep']);
  await policy('/run/zrep');
  const allowed = await own('allowed');
  for (const words of ['-l bookmark,hold,mount,snapshot,userprop', '-d destroy,mount,send,userprop'])
    await fileserver.script(`set -- ${words}; zfs allow $1 -u ${ACCOUNT} $2 ${allowed.source}`);
  await row('small refresh by an account with zfs allow', [
    { ...allowed, refresh: `SSH="ssh -l ${ACCOUNT}" ${allowed.refresh}` },
  ]);
  for (const why of lacking) console.log(`Left out: ${why}`);
}

/** What a stream of many snapshots costs zfs alone: `zfs send -I` into `zfs receive -s`. */
async function plainReceive(): Promise<Subject> {
  const { source, destination } = await makePair(lab, 'waits/plain');
  const there = 'ssh -i /root/.ssh/plain -o IdentitiesOnly=yes fileserver';
  const refresh = `
    old=$(zfs list -Hr -d 1 -t snapshot -o name -s createtxg ${destination} | tail -n 1); old=\${old#*@}
    new=plain_$(date +%s%N)
    ${there} "zfs snapshot ${source}@$new && zfs send -I @$old ${source}@$new" | zfs receive -s ${destination}`;
  return { name: 'zfs receive -s', source, refresh };
}

/** Measures each of `subjects` in turns, after `between` snapshots that nobody asked for, and prints a line for each. */
async function row(what: string, subjects: readonly Subject[], rounds = ROUNDS, between = 0): Promise<void> {
  const { fileserver, backup } = lab;
  const found = new Map<Subject, { groups: [number, number]; time: number }[]>();
  const calls = new Map<Subject, [number, number]>();
  for (let round = -2; round < rounds; round += 1)
    for (const subject of subjects) {
      await writeData(fileserver, subject.source, `f${round}`, 64);
      if (between > 0)
        await fileserver.script(
          `for n in $(seq ${between}); do zfs snapshot ${subject.source}@auto_${round + 2}_$n; done`,
        );
      for (const { pool } of [fileserver, backup]) await fileserver.run(['zpool', 'sync', pool]);
      // The first fills what there is of old snapshots and bookmarks; in the second calls are counted, which takes time.
      if (round === -1) await count();
      const before = [groupsOf(fileserver.pool), groupsOf(backup.pool)] as const;
      const time = await seconds(() => backup.run(['bash', '-ec', subject.refresh], { timeoutMs: 600_000 }));
      const groups: [number, number] = [
        groupsOf(fileserver.pool) - before[0],
        groupsOf(backup.pool) - before[1],
      ];
      if (round === -1) {
        calls.set(subject, [(await callsOn(fileserver)).length, (await callsOn(backup)).length]);
        await countNoMore();
      }
      if (round >= 0) found.set(subject, [...(found.get(subject) ?? []), { groups, time }]);
    }
  const timeOf = (subject: Subject) => median((found.get(subject) ?? []).map(({ time }) => time));
  for (const subject of subjects) {
    const groups = ([0, 1] as const).map((side) => {
      const numbers = (found.get(subject) ?? []).map((one) => one.groups[side]);
      return [...new Set([Math.min(...numbers), Math.max(...numbers)])].join('-');
    });
    const ratio =
      subjects[0] && subject !== subjects[0] ? (timeOf(subjects[0]) / timeOf(subject)).toFixed(2) : '';
    line([
      what,
      subject.name,
      ...groups,
      ...(calls.get(subject) ?? []).map(String),
      timeOf(subject).toFixed(2),
      ratio,
    ]);
  }
}

async function count(): Promise<void> {
  for (const host of [lab.fileserver, lab.backup]) {
    await host.script(`[ -e ${REAL} ] || cp ${ZFS} ${REAL}; rm ${ZFS}`);
    await installWrapper(host, ZFS, REAL);
    await host.run(['chmod', '666', '/run/lab/zfs.log']);
  }
}

async function countNoMore(): Promise<void> {
  for (const host of [lab.fileserver, lab.backup]) await host.script(`rm ${ZFS}; cp ${REAL} ${ZFS}`);
}

/** How many transaction groups `pool` has had. */
function groupsOf(pool: string): number {
  const lines = readFileSync(`/proc/spl/kstat/zfs/${pool}/txgs`, 'utf8').trim().split('\n');
  return Number(lines.at(-1)?.trim().split(/\s+/)[0]);
}

function heading(): void {
  console.log(
    'Waits on OpenZFS: transaction groups and calls of zfs on source and copy; seconds; ours to theirs',
  );
  line(['', '', 'groups', 'groups', 'calls', 'calls', 's', 'ratio']);
}

function line([what = '', who = '', ...numbers]: readonly string[]): void {
  console.log(`${what.padEnd(44)} ${who.padEnd(15)}${numbers.map((one) => one.padStart(8)).join('')}`);
}
