/** The lab itself: two hosts that know nothing of each other but the cable, and leave nothing behind. */

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import type { Host } from '../../lab/host.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { missing } from '../../lab/missing.ts';
import { addAccount, authorize } from '../../lab/ssh.ts';

const lacks = await missing();
const skip = lacks.length > 0 ? lacks.join(' ') : false;

t.test('a lab', { skip }, async (t) => {
  const before = traces();
  const lab = await startLab();
  const { fileserver, backup } = lab;
  t.teardown(() => lab.stop());

  t.test('has two hosts with names, processes and pools of their own', async (t) => {
    for (const host of [fileserver, backup]) {
      t.equal(await output(host, ['hostname']), host.name);
      t.match(await output(host, ['ps', '-o', 'args=', '-p', '1']), /init\.sh$/);
      if (lab.zfs === 'zfs-fuse')
        t.equal(await output(host, ['zpool', 'list', '-H', '-o', 'name']), host.pool);
    }
    t.not(namespace(fileserver.pid, 'pid'), namespace(backup.pid, 'pid'));
  });

  t.test("lets root in by a key, for the key's forced command only", async (t) => {
    const key = await lab.sshKey('forced');
    await authorize(fileserver, 'root', `restrict,command="echo forced; hostname" ${key.publicKey}`);
    const { stdout } = await lab.ssh(key, 'root', 'rm -rf /');
    t.equal(stdout, 'forced\nfileserver\n');
  });

  t.test('refuses a key that nobody authorized, and root without a forced command', async (t) => {
    const stranger = await lab.sshKey('stranger');
    t.equal((await lab.ssh(stranger, 'root', 'id', { allowFail: true })).code, 255);
    const free = await lab.sshKey('free');
    await authorize(fileserver, 'root', free.publicKey);
    t.equal((await lab.ssh(free, 'root', 'id', { allowFail: true })).code, 255);
  });

  t.test('lets an account without password in, which becomes root by one sudo rule', async (t) => {
    await addAccount(fileserver, 'zrep');
    await fileserver.writeFile('/etc/sudoers.d/zrep', 'zrep ALL=(root) NOPASSWD: /usr/bin/id -u\n', {
      mode: 0o440,
    });
    const key = await lab.sshKey('account');
    await authorize(fileserver, 'zrep', `restrict,command="id -un; sudo -n /usr/bin/id -u" ${key.publicKey}`);
    t.equal((await lab.ssh(key, 'zrep', 'ignored')).stdout, 'zrep\n0\n');
    t.equal(await output(fileserver, ['id', '-un'], 'zrep'), 'zrep');
    const other = await fileserver.run(['sudo', '-n', 'id', '-g'], { user: 'zrep', allowFail: true });
    t.equal(other.code, 1);
  });

  t.test('records what is logged on a host there and nowhere else', async (t) => {
    await fileserver.run([
      'logger',
      '--socket-errors=on',
      '-t',
      'local',
      '-p',
      'authpriv.notice',
      'said locally',
    ]);
    const record = await recordOf(fileserver, 'said locally');
    t.match(record, { input: 'imuxsock', program: 'local', facility: 'authpriv', severity: 'notice' });
    t.match(
      await fileserver.readFile('/var/log/auth.log'),
      /^\w{3} [ \d]\d \S+ fileserver local: said locally$/m,
    );
    t.notMatch(await backup.readFile('/var/log/lab.jsonl'), /said locally/);
    if (!existsSync('/dev/log')) t.pass('the machine has no log of its own');
  });

  for (const protocol of ['udp', 'tcp']) {
    t.test(`understands a record that comes by ${protocol} from the other host`, async (t) => {
      const message = `said by ${protocol}`;
      const to = ['--server', fileserver.address, '--port', String(fileserver.syslogPort), `--${protocol}`];
      const data = ['--sd-id', 'audit@32473', '--sd-param', 'client="backup1"'];
      await backup.run([
        'logger',
        ...to,
        '--rfc5424',
        ...data,
        '-t',
        'remote',
        '-p',
        'authpriv.warning',
        message,
      ]);
      t.match(await recordOf(fileserver, message), {
        input: `im${protocol}`,
        // logger does not choose where it sends from, which on a shared loopback is 127.0.0.1.
        from: lab.network === 'veth' ? backup.address : '127.0.0.1',
        hostname: 'backup',
        program: 'remote',
        facility: 'authpriv',
        severity: 'warning',
        message,
        'rfc5424-sd': { 'audit@32473': { client: 'backup1' } },
      });
    });
  }

  t.test('carries a snapshot from one pool to the other through ssh', async (t) => {
    const source = `${fileserver.pool}/data`;
    const destination = `${backup.pool}/data`;
    await fileserver.script(`
      zfs create ${source}
      head -c 1000000 /dev/urandom >${fileserver.mountpoint}/data/file
      zfs snapshot ${source}@one`);
    const key = await lab.sshKey('stream');
    await authorize(fileserver, 'root', `restrict,command="zfs send ${source}@one" ${key.publicKey}`);
    await backup.script(`ssh -i ${key.file} fileserver x | zfs receive ${destination}`);
    const guid = ['zfs', 'get', '-H', '-o', 'value', 'guid'];
    t.equal(
      await output(backup, [...guid, `${destination}@one`]),
      await output(fileserver, [...guid, `${source}@one`]),
    );
  });

  t.test(
    'gives a command its words, environment and input as they are, and tells how it ended',
    async (t) => {
      const words = ['', "it's", '$HOME `id` "a" \\', '-e', 'two\nlines', 'größer'];
      const script =
        'printf "%s|" "$@" "$AWKWARD"; env | sed -n "s,^\\([A-Z_]*\\)=.*,\\1,p" | sort | tr "\n" " "; cat; echo bad >&2; kill -KILL $$';
      const told = await fileserver.run(['sh', '-c', script, 'sh', ...words], {
        env: { AWKWARD: "'\n$x" },
        input: 'typed\n',
        allowFail: true,
      });
      t.same(told, {
        code: 128 + 9,
        stdout: `${words.join('|')}|'\n$x|AWKWARD HOME LC_ALL PATH PWD TERM typed\n`,
        stderr: 'bad\n',
      });
      t.match(await fileserver.run(['/no/such/program'], { allowFail: true }), { code: 127 });
    },
  );

  t.test('signals and outwaits commands', async (t) => {
    const sleeper = fileserver.spawn(['sleep', '1000']);
    const ended = once(sleeper.child, 'exit');
    while (!sleeper.kill('SIGTERM')) await wait(10);
    t.same(await ended, [null, 'SIGTERM']);
    t.equal(sleeper.pid(), undefined);
    const slow = fileserver.run(['sh', '-c', 'sleep 1000 & wait'], { timeoutMs: 200 });
    await t.rejects(slow, /did not end within 200 ms/);
    t.notMatch(await output(fileserver, ['ps', '-eo', 'args']), /sleep 1000/);
  });

  t.test('reaps the processes that their parents leave behind', async (t) => {
    await fileserver.run(['sh', '-c', 'sleep 0.1 & sleep 0.1 & exit 0']);
    await wait(300);
    t.notMatch(await output(fileserver, ['ps', '-eo', 'stat=,args=']), /^Z|sleep/m);
  });

  t.test('is not disturbed by a second lab', async (t) => {
    const second = await startLab();
    t.teardown(() => second.stop());
    await second.fileserver.script(`zfs create ${second.fileserver.pool}/second`);
    t.notMatch(
      await output(fileserver, ['zfs', 'list', '-H', '-o', 'name', '-r', fileserver.pool]),
      /second/,
    );
  });

  t.test('leaves nothing behind when it is stopped', async (t) => {
    const places = namespaces(lab);
    await lab.stop();
    await lab.stop();
    t.same(await leftIn(places), []);
    t.same(await settled(before), before);
  });
});

t.test('a lab leaves nothing behind when its process is killed', { skip }, async (t) => {
  const before = traces();
  const url = new URL('../../lab/lab.ts', import.meta.url).href;
  const script = `
    import('${url}').then(async ({ startLab }) => {
      const { fileserver, backup } = await startLab();
      backup.spawn(['sleep', '1000']);
      setInterval(() => {}, 1000);
      console.log(JSON.stringify([fileserver.pid, backup.pid]));
    });`;
  const holder = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(holder.stdout), 'line')) as [string];
  const [first, second] = JSON.parse(line) as [number, number];
  const places = namespaces({ fileserver: { pid: first }, backup: { pid: second } });
  t.ok(inhabitants(places).length >= 8, 'two hosts with a shell, ZFS, rsyslogd and sshd run');
  holder.kill('SIGKILL');
  t.same(await leftIn(places), []);
  t.same(await settled(before), before);
});

async function output(host: Host, argv: readonly string[], user?: string): Promise<string> {
  return (await host.run(argv, user === undefined ? {} : { user })).stdout.trim();
}

/** The JSON record that rsyslogd wrote of a message, once it has. */
async function recordOf(host: Host, message: string): Promise<unknown> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const lines = (await host.readFile('/var/log/lab.jsonl')).split('\n');
    const found = lines.find((line) => line.includes(message));
    if (found !== undefined) return JSON.parse(found);
    await wait(50);
  }
  return undefined;
}

type Kind = 'pid' | 'mnt' | 'net' | 'uts';

function namespace(pid: number, kind: Kind): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return undefined;
  }
}

/** The namespaces of both hosts, without those that they share with this process. */
function namespaces(lab: { fileserver: { pid: number }; backup: { pid: number } } | Lab): string[] {
  const kinds: Kind[] = ['pid', 'mnt', 'net', 'uts'];
  const all = [lab.fileserver, lab.backup].flatMap(({ pid }) => kinds.map((kind) => namespace(pid, kind)));
  const own = kinds.map((kind) => namespace(process.pid, kind));
  return all.filter((place) => place !== undefined && !own.includes(place)) as string[];
}

/** The processes of this machine that live in one of the namespaces. */
function inhabitants(places: readonly string[]): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) =>
    (['pid', 'mnt', 'net', 'uts'] as const).some((kind) =>
      places.includes(namespace(Number(pid), kind) ?? ''),
    ),
  );
}

/** Those that are still there after a while: the kernel takes a moment. */
async function leftIn(places: readonly string[]): Promise<string[]> {
  for (let attempt = 0; attempt < 100 && inhabitants(places).length > 0; attempt++) await wait(50);
  return inhabitants(places);
}

/** What a lab could leave behind on the machine. */
function traces() {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
  const files = [
    '/tank',
    '/vault',
    '/run/lab',
    '/run/sshd.pid',
    '/var/lib/zfs/zpool.cache',
    '/var/log/lab.jsonl',
  ];
  return {
    mounts: mounts.filter((line) => /^lab |zfs|\/host/.test(line)),
    links: execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).match(/^\d+: \S+/gm),
    files: files.filter((path) => existsSync(path)),
    accounts: readFileSync('/etc/passwd', 'utf8'),
    names: readFileSync('/etc/hosts', 'utf8'),
    keys: existsSync('/root/.ssh') ? readdirSync('/root/.ssh').sort() : [],
  };
}

/** The traces, once they are as they were or after a while: network devices go with a delay. */
async function settled(before: ReturnType<typeof traces>): Promise<ReturnType<typeof traces>> {
  for (let attempt = 0; attempt < 60; attempt++) {
    if (JSON.stringify(traces()) === JSON.stringify(before)) break;
    await wait(50);
  }
  return traces();
}
