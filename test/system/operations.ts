/** Keys, versions and the audit file are changed as docs/pairing.md and docs/install.md have it, with sessions that run meanwhile. */

import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { switchTo } from '../../lab/gate.ts';
import { installBuild } from '../../lab/installation.ts';
import { eventually } from '../fixtures/eventually.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { type GateLab, inGateLab } from '../fixtures/system/gate-lab.ts';
import { makeSource } from '../fixtures/system/source.ts';

const ZFS = '/usr/local/sbin/zfs-waiting';
const FILE = '/var/log/zrep-gate/audit.jsonl';
const POLICY = `
zfs = "${ZFS}"
[audit]
file = "${FILE}"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["read"]
`;
const SAMPLE = readFileSync(new URL('../../logrotate.d/zrep-gate', import.meta.url), 'utf8');
const ACCOUNTS = ['root', 'zrep'];

await inGateLab(
  t,
  POLICY,
  async (gate) => {
    const { fileserver, backup, ask } = gate;
    const home = await makeSource(fileserver, `${gate.tank}/home`);
    const command = `zfs list -H -o name ${home}`;
    const good = { code: 0, stdout: `${home}\n`, stderr: '' };
    const [version] = (await fileserver.run(['zrep-gate', '--version'])).stdout.split('\n');
    await fileserver.run(['install', '-d', '-m', '700', '/var/log/zrep-gate']);
    await fileserver.script('mkfifo /run/lab/there /run/lab/go');
    const wait = 'if [ -e /run/lab/wait ]; then echo >/run/lab/there; read -r _ </run/lab/go; fi';
    await fileserver.writeFile(ZFS, `#!/bin/sh\n${wait}\nexec /usr/sbin/zfs "$@"\n`, { mode: 0o755 });

    /** A session that has got as far as its zfs, which waits to be let go. */
    const running = async (account = 'root', ssh: readonly string[] = []) => {
      await fileserver.script('touch /run/lab/wait');
      const ending = ask(command, { account, ssh });
      await fileserver.run(['cat', '/run/lab/there']);
      await fileserver.script('rm /run/lab/wait');
      return { ending, letGo: () => fileserver.script('echo >/run/lab/go') };
    };

    t.test('a key is changed by a second line for the time of the change', async (t) => {
      const { publicKey } = await gate.sshKey('next');
      await fileserver.writeFile('/run/lab/next.pub', publicKey);
      for (const account of ACCOUNTS) {
        const keys = keysFile(gate, account);
        const sudo = account === 'root' ? '' : '--sudo';
        await fileserver.script(
          `zrep-gate authorize backup1 /run/lab/next.pub ${sudo} >>${keys} 2>/dev/null`,
        );
        const withNext = { account, ssh: ['-i', '/root/.ssh/next', '-o', 'IdentitiesOnly=yes'] };
        t.same(await ask(command, withNext), good, 'the new key');
        t.same(await ask(command, { account }), good, 'the old key');
        await fileserver.script(`cp ${keys} ${keys}.kept; sed -i '/ next@backup$/!d' ${keys}`);
        t.same(await ask(command, withNext), good, 'the new key alone');
        t.match(await ask(command, { account }), { code: 255, stderr: /Permission denied/ });
        await fileserver.script(`mv ${keys}.kept ${keys}`);
      }
    });

    for (const account of ACCOUNTS) {
      t.test(`as ${account} a revoked key's sessions are found and ended, and its connection`, async (t) => {
        await gate.share(account);
        const keys = keysFile(gate, account);
        const session = await running(account);
        await fileserver.script(`mv ${keys} ${keys}.kept; : >${keys}`);
        const find = ['pgrep', '-af', 'zrep-gate serve backup1( |$)'];
        t.match((await fileserver.run(find)).stdout, /^\d+ \S*\/node \/usr\/bin\/zrep-gate serve backup1$/m);
        await fileserver.run(['pkill', '-f', 'zrep-gate serve backup1( |$)']);
        // sudo, which is told, too, ends by the signal itself; ssh has no number for that.
        t.match(await session.ending, { code: account === 'root' ? 143 : 255, stdout: '' });
        t.equal((await fileserver.run(find, { allowFail: true })).stdout, '', 'none is left');
        t.match((await loggedOn(fileserver)).at(-1)?.fields, { outcome: 'interrupted', exit: '143' });

        t.same(await ask(command, { account }), good, 'the connection that was open is still good');
        const connections = `ss -Htnp "( sport = :${fileserver.sshPort} )" dst ${backup.address}`;
        const { stdout } = await fileserver.script(connections);
        const pids = [...stdout.matchAll(/"sshd[^"]*",pid=(\d+)/g)].map(([, pid = '']) => pid);
        t.not(pids.length, 0, stdout);
        // Of an account's two processes the one ends with the other.
        await fileserver.run(['kill', ...new Set(pids)], { allowFail: true });
        // Whoever asks while the connection goes hears of that.
        const refused = await eventually(
          () => ask(command, { account }),
          ({ code, stderr }) => code !== 0 && !stderr.startsWith('mux_client'),
        );
        t.match(refused, { code: 255, stderr: /Permission denied/ });
        await fileserver.script(`mv ${keys}.kept ${keys}`);
        t.same(await ask(command, { account }), good);
      });
    }

    t.test('the audit file is rotated under a running session, whose result is in the new one', async (t) => {
      await fileserver.writeFile('/etc/logrotate.d/zrep-gate', SAMPLE);
      t.match(SAMPLE, `\n${FILE} {`);
      const rotate = () => fileserver.run(['logrotate', '-f', '/etc/logrotate.d/zrep-gate']);
      const session = await running();
      const { id } = (await recordsIn(gate, FILE)).at(-1) ?? {};
      await rotate();
      t.equal((await recordsIn(gate, FILE)).length, 0, 'nothing is there until the next record');
      await session.letGo();
      t.same(await session.ending, good);
      t.match(await recordsIn(gate, FILE), [{ id, event: 'result' }]);
      t.match((await recordsIn(gate, `${FILE}.1`)).at(-1), { id, event: 'decision' });
      t.equal((await fileserver.run(['stat', '-c', '%a %U', FILE])).stdout, '600 root\n');
      await rotate();
      const { stdout: files } = await fileserver.script('ls /var/log/zrep-gate');
      t.equal(files, 'audit.jsonl.1\naudit.jsonl.2.gz\n');
    });

    t.test('while it is rotated again and again, no record of any session is lost', async (t) => {
      await fileserver.script('rm -f /var/log/zrep-gate/*');
      const { count } = await whileSessions(t, gate, command, good, async () => {
        for (let round = 0; round < 8; round += 1) {
          await eventually(
            () => recordsIn(gate, FILE),
            (records) => records.length > 0,
          );
          await fileserver.run(['logrotate', '-f', '/etc/logrotate.d/zrep-gate']);
        }
      });
      const { stdout } = await fileserver.script(`zcat -f /var/log/zrep-gate/*`);
      t.equal(stdout.trim().split('\n').length, 2 * count, 'two for each session');
    });

    t.test('a version is changed and changed back without a session that fails', async (t) => {
      const session = await running();
      await whileSessions(t, gate, command, good, async () => {
        await installBuild(fileserver, { version: 'next' });
        t.match(await fileserver.run(['realpath', '/usr/bin/zrep-gate']), {
          stdout: /^\/opt\/zrep-gate\/next\//,
        });
        for (let round = 0; round < 20; round += 1) {
          await switchTo(fileserver, version ?? '');
          await switchTo(fileserver, 'next');
        }
      });
      await switchTo(fileserver, version ?? '');
      await session.letGo();
      t.same(await session.ending, good, 'one that ran all the while, too');
      t.same(await ask(command), good);
    });

    t.test('a version that is not there is an error, and nothing runs', async (t) => {
      await switchTo(fileserver, 'nowhere');
      for (const account of ACCOUNTS)
        t.match(await ask(command, { account }), { code: /^(?:1|127)$/, stdout: '' });
      await switchTo(fileserver, version ?? '');
    });
  },
  { sudo: true },
);

function keysFile({ fileserver }: GateLab, account: string): string {
  return `${fileserver.account(account).home}/.ssh/authorized_keys`;
}

/** The audit file's records; none when it is not there. */
async function recordsIn({ fileserver }: GateLab, file: string): Promise<Record<string, unknown>[]> {
  const { stdout } = await fileserver.script(`[ ! -e ${file} ] || cat ${file}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Has sessions one after the other, three at a time, until `work` is done; each has to end as it should. */
async function whileSessions(
  t: Test,
  { ask }: GateLab,
  command: string,
  good: object,
  work: () => Promise<void>,
): Promise<{ count: number }> {
  let done = false;
  let count = 0;
  const sessions = async () => {
    while (!done) {
      count += 1;
      t.same(await ask(command), good);
    }
  };
  const all = Promise.all([sessions(), sessions(), sessions()]);
  await work();
  done = true;
  await all;
  return { count };
}
