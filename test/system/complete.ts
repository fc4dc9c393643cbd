/** What is marked as sent was streamed, to the client that says so, to its end. */

import t, { type Test } from 'tap';
import { writeData } from '../../lab/pair.ts';
import { eventually } from '../fixtures/eventually.ts';
import { epoch, type GateLab, inGateLab } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "send", "read"]
filters = ["failing"]
[filter.failing]
argv = ["/bin/false"]
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, ask } = gate;
  const recordOf = (snapshot: string) => propertyOf(fileserver, 'zrep-gate:streamed', snapshot);
  await gate.share();

  t.test('a snapshot that was not streamed cannot be completed, and one that was can', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/plain`);
    const { stdout: made } = await ask(`zrep snaponly ${source}`);
    await incomplete(t, gate, made);
    t.equal((await ask(`zrep _refreshpull ${made}`)).code, 0);
    const [client, time] = (await recordOf(made)).split('@');
    t.equal(client, 'backup1');
    t.ok(Math.abs(Number(time) - epoch()) < 600, 'by the clock of the fileserver', { said: time });
    for (const sent of [epoch(), epoch() + 1]) {
      t.equal((await ask(`zrep _refreshcomplete ${made} zrep:sent=${sent}`)).code, 0, 'also once more');
      t.equal(await propertyOf(fileserver, 'zrep:sent', made), String(sent));
    }
  });

  t.test(
    'a client that streams and never completes, as zrep before 1.9.0, is told why its next stream fails',
    async (t) => {
      const source = await makeSource(fileserver, `${tank}/home/old`);
      const refresh = async () => ask(`zrep _refreshpull ${(await ask(`zrep snaponly ${source}`)).stdout}`);
      t.match(await refresh(), { code: 0, stderr: '' });
      const note = new RegExp(
        `^zrep-gate: note: ${zrepName(source, 1)} was streamed to this client and never marked as sent, so this stream begins at ${zrepName(source, 0)} again.* before 1\\.9\\.0 .*: zrep sentsync -L ${zrepName(source, 1)}\n$`,
      );
      t.match(await refresh(), { code: 0, stderr: note });
      await ask(`zrep _refreshcomplete ${zrepName(source, 2)} zrep:sent=${epoch()}`);
      t.match(await refresh(), { code: 0, stderr: '' });
    },
  );

  t.test(
    'a newer snapshot than the one that was streamed cannot be, as a stock refresh -r would',
    async (t) => {
      const source = await makeSource(fileserver, `${tank}/home/newer`);
      const { stdout: streamed } = await ask(`zrep snaponly ${source}`);
      t.equal((await ask(`zrep _refreshpull ${streamed}`)).code, 0);
      const { stdout: newer } = await ask(`zrep snaponly ${source}`);
      const { reason } = await incomplete(t, gate, newer);
      t.match(reason, /refresh again/);
      t.equal(
        (await ask(`zrep _refreshcomplete ${streamed} zrep:sent=${epoch()}`)).code,
        0,
        'the older one can',
      );
    },
  );

  t.test('a stream that failed or was cut off does not count', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/cut`);
    await writeData(fileserver, source, 'much', 16 * 1024);
    const { stdout: made } = await ask(`zrep snaponly ${source}`);
    t.not((await ask(`zrep _refreshpull ${made} | failing`)).code, 0);
    await incomplete(t, gate, made);
    const cut = `ssh -o ControlPath=none fileserver "zrep _refreshpull ${made}" | head -c 100000 >/dev/null`;
    await backup.run(['sh', '-c', cut], { allowFail: true });
    await eventually(
      () => propertyOf(fileserver, 'zrep:lock-pid', source),
      (holder) => holder === '-',
    );
    await incomplete(t, gate, made);
  });

  t.test("another client's stream does not count, nor does a plain zfs send", async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/other`, { snapshots: 2 });
    const name = zrepName(source, 1);
    t.equal((await ask(`zfs send -i @zrep_000000 ${name}`)).code, 0);
    await incomplete(t, gate, name);
    await fileserver.run(['zfs', 'set', 'zrep-gate:streamed=backup2@1795385385,backup10@1795385385', name]);
    await incomplete(t, gate, name, 'backup2@1795385385,backup10@1795385385');
    t.equal((await ask(`zrep _refreshpull ${name}`)).code, 0);
    t.match(await recordOf(name), /^backup2@1795385385,backup10@1795385385,backup1@\d+$/, 'theirs stay');
    t.equal((await ask(`zrep _refreshcomplete ${name} zrep:sent=${epoch()}`)).code, 0);
  });

  t.test('nobody writes the record through the gate, and nobody reads it', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/closed`, { snapshots: 2 });
    const name = zrepName(source, 1);
    for (const [command, code] of [
      [`zrep _refreshcomplete ${name} zrep-gate:streamed=backup1@${epoch()}`, 'bad-usage'],
      [`zfs set zrep-gate:streamed=backup1@${epoch()} ${name}`, 'unknown-verb'],
      [`zfs get -H -o value zrep-gate:streamed ${name}`, 'property-not-readable'],
    ] as const) {
      checkRefusal(t, await ask(command), code, 77);
    }
    await incomplete(t, gate, name);
  });
});

/** Checks that `name` cannot be completed, and that nothing was marked; the refusal. */
async function incomplete(t: Test, { ask, fileserver }: GateLab, name: string, record = '-') {
  const completed = await ask(`zrep _refreshcomplete ${name} zrep:sent=${epoch()}`);
  const refusal = checkRefusal(t, completed, 'not-streamed', 77);
  t.equal(await propertyOf(fileserver, 'zrep:sent', name), '-', 'no mark');
  t.equal(await propertyOf(fileserver, 'zrep-gate:streamed', name), record, 'no record');
  return refusal;
}
