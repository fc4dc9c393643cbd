/** What only running can tell: refusals in one form, and nothing changed by them. */

import t, { type Test } from 'tap';
import { epoch, type GateLab, inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource } from '../fixtures/system/source.ts';

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire", "read", "send"]
`;

const DAY = 86_400;

/** Every command that a client can name a dataset in. */
const FORMS = [
  'zrep snaponly FS',
  'zrep _refreshpull FS@zrep_000000',
  'zrep _refreshcomplete FS@zrep_000000 zrep:sent=NOW',
  'zrep expire -L FS',
  'zfs list -H -o name FS',
  'zfs list -H -o name FS@zrep_000000',
  'zfs get -H -o value zrep:master FS',
  'zfs list -H -o name -t snapshot -d 1 -r FS',
  'zfs send FS@zrep_000000',
  'zfs send -I FS@zrep_000000 FS@zrep_000001',
];

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, tank, ask } = gate;
  const home = await makeSource(fileserver, `${tank}/home`);
  const zfs = (...words: string[]) => fileserver.run(['zfs', ...words]);
  await gate.share();

  t.test('a pull of what is not the latest snapshot', async (t) => {
    const { stdout: older } = await ask(`zrep snaponly ${home}`);
    const { stdout: newer } = await ask(`zrep snaponly ${home}`);
    const { reason } = await refusedWithoutTrace(t, gate, `zrep _refreshpull ${older}`, 'not-latest');
    t.equal(reason, `${older} is not the latest zrep snapshot, ${newer} is; refresh again`);
  });

  t.test('a pull of what is sent already', async (t) => {
    const { stdout: made } = await ask(`zrep snaponly ${home}`);
    t.equal((await ask(`zrep _refreshpull ${made}`)).code, 0);
    t.equal((await ask(`zrep _refreshcomplete ${made} zrep:sent=${epoch()}`)).code, 0);
    await refusedWithoutTrace(t, gate, `zrep _refreshpull ${made}`, 'already-sent');
  });

  t.test('a pull and an expiry where nothing was ever sent', async (t) => {
    const source = await makeSource(fileserver, `${home}/new`, { sent: [] });
    await refusedWithoutTrace(t, gate, `zrep _refreshpull ${source}@zrep_000000`, 'never-sent');
    await refusedWithoutTrace(t, gate, `zrep expire -L ${source}`, 'never-sent');
  });

  t.test('a file system of which another host is the master', async (t) => {
    const source = await makeSource(fileserver, `${home}/backup`);
    await zfs('set', 'zrep:src-host=elsewhere', source);
    for (const command of pulls(source)) {
      const { reason } = await refusedWithoutTrace(t, gate, command, 'not-master');
      t.match(reason, '(master is "elsewhere", this host is "fileserver")');
    }
  });

  t.test('a file system that only inherits its mark of the master', async (t) => {
    await zfs('create', `${home}/child`);
    await zfs('snapshot', `${home}/child@zrep_000000`);
    for (const command of pulls(`${home}/child`)) {
      await refusedWithoutTrace(t, gate, command, 'not-marked-master');
    }
  });

  t.test('an expiry by a savecount that is no whole number of at least 1', async (t) => {
    for (const savecount of ['0', '-1', 'abc', '10x', '5.0', '99999999999', 'b[$(id)]']) {
      await zfs('set', `zrep:savecount=${savecount}`, home);
      await refusedWithoutTrace(t, gate, `zrep expire -L ${home}`, 'bad-savecount');
    }
    await zfs('inherit', 'zrep:savecount', home);
    await refusedWithoutTrace(t, gate, `zrep expire -L ${home}`, 'bad-savecount');
  });

  t.test('a snapshot that is not there', async (t) => {
    const name = `${home}@zrep_0000ff`;
    const mark = `zrep _refreshcomplete ${name} zrep:sent=${epoch()}`;
    for (const command of [
      `zrep _refreshpull ${name}`,
      mark,
      `zfs list ${name}`,
      `zfs get zrep:sent ${name}`,
    ]) {
      const { reason } = await refusedWithoutTrace(t, gate, command, 'no-such-snapshot');
      t.equal(reason, `${name} does not exist`);
    }
  });

  t.test('a sent mark out of range', async (t) => {
    for (const sent of [0, epoch() - 40 * DAY, epoch() + 3 * DAY, 999_999_999_999]) {
      const command = `zrep _refreshcomplete ${home}@zrep_000000 zrep:sent=${sent}`;
      await refusedWithoutTrace(t, gate, command, 'mark-out-of-range');
    }
  });

  t.test('a missing dataset sounds like an ungranted one, whether that is there or not', async (t) => {
    await zfs('create', `${tank}/secret`);
    await zfs('snapshot', `${tank}/secret@zrep_000000`);
    for (const form of FORMS) {
      const heard: string[] = [];
      for (const dataset of [`${home}/missing`, `${tank}/secret`, `${tank}/nowhere`]) {
        const command = form.replaceAll('FS', dataset).replace('NOW', String(epoch()));
        const { reason } = await refusedWithoutTrace(t, gate, command, 'not-granted');
        heard.push(reason.replaceAll(`"${dataset}"`, '"FS"'));
      }
      t.same(heard, Array(3).fill('"FS" is not granted to this client, or does not exist'), form);
    }
  });
});

function pulls(dataset: string): string[] {
  return [
    `zrep snaponly ${dataset}`,
    `zrep _refreshpull ${dataset}@zrep_000000`,
    `zrep expire -L ${dataset}`,
  ];
}

/** Checks that `command` is refused as `code`, and that every property of every dataset is what it was. */
async function refusedWithoutTrace(t: Test, { ask, fileserver }: GateLab, command: string, code: string) {
  const before = await stateOf(fileserver);
  const refusal = checkRefusal(t, await ask(command), code, 77);
  t.same(await stateOf(fileserver), before, 'and nothing has changed');
  return refusal;
}
