/** The doctor on sound installations, as docs/pairing.md makes them, and on what it cannot look at. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { diagnose, ROOT_KEYS, SUDOERS } from '../fixtures/system/doctor.ts';
import { inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { makeSource } from '../fixtures/system/source.ts';

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire"]
`;

/** The lines of docs/pairing.md that make an account and let it become root, but for the one that opens an editor. */
function linesForAnAccount(): string {
  const [, lines = ''] =
    /\*\*Without root's login\*\*[\s\S]*?```sh\n([\s\S]*?)```/.exec(
      readFileSync('docs/pairing.md', 'utf8'),
    ) ?? [];
  return lines
    .split('\n')
    .filter((line) => !line.startsWith('visudo'))
    .map((line) => line.replace(/(>>\S+authorized_keys).*/, '$1 2>/run/lab/rule'))
    .join('\n');
}

/** Where the lab leaves the key of the backup server. */
const BACKUP_KEY = '/run/lab/backup.pub';

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, ask } = gate;
  const home = await makeSource(fileserver, `${tank}/home`);
  const nothing = { code: 0, verdict: 'clean', findings: [] };

  t.test("by root's key, nothing is wrong, in one line", async (t) => {
    t.match(await diagnose(fileserver), nothing);
    const { code, stdout, stderr } = await fileserver.run(['zrep-gate', 'doctor'], { allowFail: true });
    t.match({ code, stderr }, { code: 0, stderr: '' });
    const words = stdout.replaceAll('\n', ' ');
    t.match(
      words,
      /^fileserver: nothing wrong\. Looked at: sshd and the keys of root; 1 line for the gate; .*\.\s$/,
    );
    t.match(stdout, '/etc/zrep-gate/policy.toml');
    for (const line of stdout.split('\n')) t.ok(line.length <= 100, line);
  });

  t.test('nothing is changed by looking, and nothing is on record', async (t) => {
    const before = await stateOf(fileserver);
    const records = (await loggedOn(fileserver)).length;
    await diagnose(fileserver);
    t.same(await stateOf(fileserver), before);
    t.equal((await ask(`zrep snaponly ${home}`)).code, 0);
    const after = await loggedOn(fileserver, records + 2);
    t.equal(after.length, records + 2, 'only the client has left a trace', { said: after });
  });

  t.test('what stands in a file of somebody else does not reach the terminal as it is', async (t) => {
    await fileserver.script(
      `cp -p ${ROOT_KEYS} /run/lab/keys; printf 'command="zrep-gate \\033[2J" %s\\n' "$(cat ${BACKUP_KEY})" >>${ROOT_KEYS}`,
    );
    const { stdout } = await fileserver.run(['zrep-gate', 'doctor'], { allowFail: true });
    t.match(stdout, 'runs "zrep-gate \\x1b[2J"');
    t.match(stdout, /^[\x20-\x7e\n]*$/);
    await fileserver.script(`cp -p /run/lab/keys ${ROOT_KEYS}`);
  });

  t.test('a trap in the place of keys is passed over', async (t) => {
    await fileserver.script(`useradd -m mallory && install -d /home/mallory/.ssh && mkfifo /home/mallory/.ssh/authorized_keys
      ln -s /dev/zero /home/mallory/.ssh/authorized_keys2`);
    t.match(await diagnose(fileserver, ['--sshd-config', '/etc/ssh/sshd_config']), nothing);
    await fileserver.run(['userdel', '-r', 'mallory'], { allowFail: true });
  });

  t.test('one client alone', async (t) => {
    await gate.policy(
      `${POLICY}[client.other]\n[[client.other.grant]]\ndataset = "tank/gone"\noperations = ["pull"]\n`,
    );
    const codes = async (...words: string[]) =>
      (await diagnose(fileserver, words)).findings.map(({ code }) => code);
    t.same(await codes(), ['client-without-key', 'dataset-missing']);
    t.same(await codes('--client', 'backup1'), []);
    t.same(await codes('--client', 'backup1', '--client', 'other'), [
      'client-without-key',
      'dataset-missing',
    ]);
    t.same(await codes('--client', 'nobody'), ['unknown-client', 'no-gate-line']);
    await gate.policy(POLICY);
  });

  t.test('an account and a policy that are asked for', async (t) => {
    const gone = await diagnose(fileserver, ['--account', 'gone']);
    t.match(gone, { code: 3, verdict: 'unknown', findings: [{ code: 'not-looked', where: 'account gone' }] });
    await fileserver.writeFile('/etc/zrep-gate/other.toml', '[client.backup9]\n');
    const other = await diagnose(fileserver, ['--policy', '/etc/zrep-gate/other.toml']);
    t.match(other.findings.map(({ code }) => code).sort(), ['client-without-key', 'unknown-client']);
  });

  t.test('whoever may not look is not told that all is well', async (t) => {
    const { code, verdict, findings, said } = await diagnose(fileserver, [], { user: 'nobody' });
    t.same([code, verdict], [3, 'unknown']);
    const unseen = findings.filter((one) => one.code === 'not-looked').map(({ where }) => where);
    for (const where of ['/etc/shadow', '/etc/ssh/sshd_config', ROOT_KEYS])
      t.ok(unseen.includes(where), where);
    t.same(
      findings.filter(({ severity }) => severity !== 'unknown'),
      [],
      'nor that something is missing',
    );
    t.notMatch(said, 'x0d', 'sshd ends its lines as for a terminal');
  });

  t.test('a wrong option is no news of the fileserver', async (t) => {
    const { code, stdout } = await fileserver.run(['zrep-gate', 'doctor', '--fix'], { allowFail: true });
    t.same([code, stdout], [3, '']);
  });

  t.test('by an account without root, as docs/zfs-allow.md has it, nothing is wrong', async (t) => {
    const kept = await fileserver.readFile(ROOT_KEYS);
    await fileserver.script(`useradd --system --home-dir /var/lib/allowed --shell /bin/sh allowed && usermod -p '*' allowed
      install -d -m 755 /var/lib/allowed /var/lib/allowed/.ssh && install -d -m 755 -o allowed /run/zrep
      mv ${ROOT_KEYS} /var/lib/allowed/.ssh/authorized_keys`);
    const codes = async () => (await diagnose(fileserver)).findings.map(({ code }) => code);
    t.same(await codes(), ['key-without-root'], "where the lock is root's it cannot work");
    await gate.policy(`[zrep]\nrundir = "/run/zrep"\n${POLICY}`);
    t.match(await diagnose(fileserver), { code: 0, findings: [{ code: 'key-by-zfs-allow' }] });
    await fileserver.run(['install', '-d', '-m', '700', '-o', 'allowed', '/run/zrep/zrep-gate']);
    t.same(await codes(), ['key-by-zfs-allow'], 'also when the gate has been at work');
    await fileserver.run(['chmod', 'o+w', '/run/zrep']);
    t.same((await codes()).sort(), ['key-by-zfs-allow', 'rundir-not-roots'], 'but nobody else');
    await gate.policy(POLICY);
    await fileserver.script('userdel -r allowed 2>/dev/null; rm -r /run/zrep', { allowFail: true });
    await fileserver.writeFile(ROOT_KEYS, kept);
  });

  t.test('by an account and sudo, as docs/pairing.md has it, nothing is wrong', async (t) => {
    const before = await fileserver.readFile(ROOT_KEYS);
    await fileserver.writeFile(ROOT_KEYS, '');
    const key = await backup.readFile('/root/.ssh/id_ed25519.pub');
    await fileserver.writeFile('/run/lab/backup1.pub', key);
    await fileserver.script(
      `cd /run/lab\n${linesForAnAccount()}\ngrep -v '^zrep-gate:' /run/lab/rule | install -m 440 /dev/stdin ${SUDOERS}`,
    );
    const diagnosed = await diagnose(fileserver);
    t.match(diagnosed, nothing, { said: diagnosed.said });
    t.match(diagnosed.said, '"sshd and the keys of root and zrep","1 line for the gate","sudo"');
    t.equal((await ask(`zrep snaponly ${home}`, { account: 'zrep' })).code, 0, 'and it works');
    await fileserver.writeFile(ROOT_KEYS, before);
    t.match(await diagnose(fileserver), { code: 0, findings: [{ code: 'key-in-two-accounts' }] });
  });
});
