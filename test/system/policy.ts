/** A policy that is not usable allows nothing, says so in one line, and starts no zfs. */

import t, { type Test } from 'tap';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { type GateLab, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { callsOn, installWrapper } from '../fixtures/system/wrapper.ts';

const GRANT = `
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull"]
`;
const GOOD = `[client.backup1]${GRANT}`;
const FILE = '/etc/zrep-gate/policy.toml';

/** What is in the file, and what the log says of it. */
const CONTENTS: Record<string, readonly [string | Buffer, RegExp]> = {
  empty: ['', /is empty/],
  'half-written': [GOOD.slice(0, -12), /policy\.toml: line \d+/],
  'not TOML': ['client: backup1', /policy\.toml: line 1/],
  'not text': [Buffer.from([0xff, 0xfe, 0x00]), /is not UTF-8 text/],
  'an unknown key': [`${GOOD}subtrees = true\n`, /client\.backup1\.grant\[1\]\.subtrees/],
  'an unknown key at the top': [`zsf = "/sbin/zfs"\n${GOOD}`, /zsf/],
  'a duplicate key': [`${GOOD}operations = ["send"]\n`, /policy\.toml: line \d+/],
  'a duplicate table': [`${GOOD}[client.backup1]\n`, /policy\.toml: line \d+/],
  '__proto__ as a table': [`${GOOD}[__proto__]\nzfs = "/tmp/zfs"\n`, /__proto__/],
  '__proto__ as a client': [`${GOOD}${GOOD.replaceAll('backup1', '__proto__')}`, /__proto__/],
  'a word for a list': [GOOD.replace('["pull"]', '"pull"'), /client\.backup1\.grant\[1\]\.operations/],
  'a word for a truth': [`${GOOD}subtree = "true"\n`, /client\.backup1\.grant\[1\]\.subtree/],
  'no dataset': [GOOD.replace(/dataset = .*/, ''), /client\.backup1\.grant\[1\]\.dataset/],
  'a dataset that is none': [
    GOOD.replace('tank/home', 'tank/../etc'),
    /client\.backup1\.grant\[1\]\.dataset/,
  ],
  'one dataset twice': [GOOD + GRANT, /client\.backup1\.grant\[2\]/],
  '10 MiB of it': [GOOD + '#'.repeat(10 * 1024 * 1024), /more than the 1048576 allowed/],
};

/** What is wrong with the file or the way to it, done and undone in shell. */
const PLACES: Record<string, readonly [string, string, RegExp]> = {
  missing: [`mv ${FILE} ${FILE}.kept`, `mv ${FILE}.kept ${FILE}`, /does not exist/],
  'writable by its group': [`chmod 664 ${FILE}`, `chmod 644 ${FILE}`, /can be written by others/],
  'writable by all': [`chmod 646 ${FILE}`, `chmod 644 ${FILE}`, /can be written by others/],
  'of another user': [`chown zrep ${FILE}`, `chown root ${FILE}`, /belongs to user/],
  'in a folder of another user': [
    'chown zrep /etc/zrep-gate',
    'chown root /etc/zrep-gate',
    /belongs to user/,
  ],
  'in a folder that others can write': ['chmod 777 /etc/zrep-gate', 'chmod 755 /etc/zrep-gate', /by others/],
  'a symbolic link': [
    `mv ${FILE} ${FILE}.kept; ln -s ${FILE}.kept ${FILE}`,
    `mv ${FILE}.kept ${FILE}`,
    /symbolic/,
  ],
  'behind a symbolic link': [
    'mv /etc/zrep-gate /etc/kept; ln -s /etc/kept /etc/zrep-gate',
    'rm /etc/zrep-gate; mv /etc/kept /etc/zrep-gate',
    /symbolic/,
  ],
  'a FIFO': [`mv ${FILE} ${FILE}.kept; mkfifo ${FILE}`, `mv ${FILE}.kept ${FILE}`, /is not a regular file/],
  'a folder': [
    `mv ${FILE} ${FILE}.kept; mkdir ${FILE}`,
    `rmdir ${FILE}; mv ${FILE}.kept ${FILE}`,
    /is not a regular/,
  ],
  'a device': [
    `mv ${FILE} ${FILE}.kept; mknod ${FILE} c 1 5`,
    `rm ${FILE}; mv ${FILE}.kept ${FILE}`,
    /is not a reg/,
  ],
};

await inGateLab(
  t,
  GOOD,
  async (gate) => {
    const { fileserver, tank, ask, policy } = gate;
    const home = await makeSource(fileserver, `${tank}/home`);
    await fileserver.run(['mv', '/usr/sbin/zfs', '/usr/sbin/zfs.real']);
    await installWrapper(fileserver, '/usr/sbin/zfs', '/usr/sbin/zfs.real');
    await gate.share();
    let made = 0;

    /** The sound policy still serves, and by the wrapper: what a test sees is the fault's doing. */
    const serves = async (t: Test) => {
      made += 1;
      t.match(
        await ask(`zrep snaponly ${home}`),
        { code: 0, stdout: zrepName(home, made) },
        'mended, it serves',
      );
      t.not((await callsOn(fileserver)).length, 0);
    };

    for (const [name, [content, detail]] of Object.entries(CONTENTS)) {
      t.test(`content: ${name}`, async (t) => {
        await fileserver.writeFile(FILE, content);
        await nothingIsAllowed(t, gate, detail);
        await policy(GOOD);
        await serves(t);
      });
    }

    for (const [name, [spoil, mend, detail]] of Object.entries(PLACES)) {
      t.test(`file: ${name}`, async (t) => {
        await fileserver.script(spoil);
        await nothingIsAllowed(t, gate, detail);
        await fileserver.script(mend);
        await serves(t);
      });
    }

    t.test('unreadable, for whom it is', async (t) => {
      await fileserver.run(['chmod', '600', FILE]);
      const env = { SSH_ORIGINAL_COMMAND: `zrep snaponly ${home}` };
      const own = { user: 'zrep', env, allowFail: true };
      checkRefusal(t, await fileserver.run(['zrep-gate', 'serve', 'backup1'], own), 'policy-broken', 78);
      t.same(await callsOn(fileserver), []);
      await fileserver.run(['chmod', '644', FILE]);
      await serves(t);
    });

    t.test('a broken policy whose audit section is sound is recorded where that says', async (t) => {
      const file = '/var/log/zrep-gate.jsonl';
      await policy(`[audit]\nsyslog = "off"\nfile = "${file}"\n${GOOD}subtrees = true\n`);
      const before = (await loggedOn(fileserver)).length;
      checkRefusal(t, await ask(`zrep snaponly ${home}`), 'policy-broken', 78);
      const lines = (await fileserver.readFile(file)).trim().split('\n');
      t.match(
        lines.map((line) => JSON.parse(line)),
        [{ code: 'policy-broken', detail: /subtrees/ }],
      );
      t.equal((await loggedOn(fileserver)).length, before);
    });
  },
  { sudo: true },
);

/** Checks that everything is refused in one line, with one record that tells why, and that no zfs was started. */
async function nothingIsAllowed(t: Test, gate: GateLab, detail: RegExp): Promise<void> {
  const { fileserver, ask, tank } = gate;
  const before = await loggedOn(fileserver);
  const names = await snapshotNames(fileserver, `${tank}/home`);
  await callsOn(fileserver);
  const { id, reason } = checkRefusal(t, await ask(`zrep snaponly ${tank}/home`), 'policy-broken', 78);
  t.equal(reason, 'the policy is not usable, so nothing is allowed; on the fileserver, run: zrep-gate check');
  t.same(await callsOn(fileserver), [], 'no zfs was started');
  const records = (await loggedOn(fileserver, before.length + 1)).slice(before.length);
  t.match(
    records.map(({ fields }) => fields),
    [{ id, event: 'decision', verdict: 'deny', detail }],
  );
  t.equal(records.length, 1, 'one record');
  t.same(await snapshotNames(fileserver, `${tank}/home`), names);
}
