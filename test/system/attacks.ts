/** Every denied command of the collection, through the real sshd: nothing told, nothing changed, all on record. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { type GateLab, inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { idIn } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

interface Attack {
  readonly class: string;
  readonly command: string;
  readonly verdict: 'allow' | 'deny';
}

const attacks = new URL('../fixtures/attacks/', import.meta.url);
const policy = readFileSync(new URL('policy.toml', attacks), 'utf8');
const all = JSON.parse(readFileSync(new URL('commands.json', attacks), 'utf8')) as Attack[];

// The command is an argument of exec(2) on its way, which ends at a NUL.
const denied = all.filter(({ verdict, command }) => verdict === 'deny' && !command.includes('\0'));
const uncarried = all.filter(({ verdict, command }) => verdict === 'deny' && command.includes('\0'));

/** How many sessions at once; sshd takes ten on one connection (MaxSessions). */
const AT_ONCE = 5;

await inGateLab(t, policy.replace('syslog = "off"', 'syslog = "local"'), async (gate) => {
  const { fileserver, tank } = gate;
  for (const name of ['home', 'vm', 'vm/disk0', 'enc', 'secret']) {
    await makeSource(fileserver, `${tank}/${name}`, { snapshots: 11 });
  }
  await gate.share();
  t.comment(`${uncarried.length} commands with a NUL are left out: ssh cannot carry them`);

  t.test('sessions of one connection are judged one by one, and each is refused', async (t) => {
    const before = await stateOf(fileserver);
    const results = await askAll(gate);
    t.same(await stateOf(fileserver), before, 'nothing on the fileserver has changed');

    for (const [index, { command }] of denied.entries()) {
      const { code, stdout, stderr } = results[index] ?? {};
      t.same({ code, stdout }, { code: 77, stdout: '' }, JSON.stringify(command), { said: stderr });
      t.match(stderr, /^zrep-gate: refused \([a-z-]+\): [\x20-\x7e]+\n$/);
    }

    const records = await loggedOn(fileserver, denied.length);
    t.equal(records.length, denied.length, 'one record each');
    for (const [index, { command }] of denied.entries()) {
      const id = idIn(results[index] ?? { code: 0, stdout: '', stderr: '' });
      const own = records.filter(({ fields }) => fields['id'] === id);
      const { event, verdict } = own[0]?.fields ?? {};
      t.same(
        { count: own.length, event, verdict },
        { count: 1, event: 'decision', verdict: 'deny' },
        JSON.stringify(command),
      );
      t.equal(own[0]?.severity, 'warning');
    }

    const lines = (await fileserver.readFile('/var/log/auth.log')).split('\n').filter((line) => line !== '');
    const ours = lines.filter((line) => / fileserver zrep-gate\[\d+\]: event="decision" id="/.test(line));
    t.equal(ours.length, denied.length, 'one line each in the log');
    const others = lines.filter(
      (line) => !/^\w{3} [ \d]\d [\d:]{8} fileserver (?:zrep-gate\[\d+\]|sshd\S*): /.test(line),
    );
    t.same(others, [], 'and no line that a client made up');
  });

  t.test('after all of them the same connection still serves what is granted', async (t) => {
    const { code, stdout } = await gate.ask(`zrep snaponly ${tank}/home`);
    t.same({ code, stdout }, { code: 0, stdout: zrepName(`${tank}/home`, 11) });
  });
});

async function askAll({ ask, tank }: GateLab) {
  const results = [];
  for (let index = 0; index < denied.length; index += AT_ONCE) {
    const some = denied.slice(index, index + AT_ONCE);
    results.push(
      ...(await Promise.all(
        some.map(({ command }) => ask(command.replaceAll('tank', tank), { ssh: ['-T'] })),
      )),
    );
  }
  return results;
}
