/** `zrep doctor` and streams that were cut off: what can be gone on with is not given up. */

import t from 'tap';
import type { Host } from '../../lab/host.ts';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { cutNext, shareWithCuttingSsh } from '../fixtures/system/cutting-ssh.ts';
import { doctor } from '../fixtures/system/doctor-pairs.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire", "read"]
resume = true
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await shareWithCuttingSsh(gate);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  const needing = await testsNeeding(t, backup, ['resume']);

  t.test('one that was cut off before zfs kept any of it leaves nothing to mend', async (t) => {
    const { source, destination } = await makePair(gate, 'home/at-once', { savecount: 9 });
    await cutOne(source, destination, 100);
    t.match(await doctor(backup, destination), { code: 0, codes: [] });
    await backup.run(['zrep', 'refresh', destination]);
    t.same(await newest(backup, destination), await newest(fileserver, source));
  });

  needing(['resume'], 'a stream that was cut off is gone on with by what is printed', async (t) => {
    const { source, destination } = await makePair(gate, 'home/going-on', { savecount: 9 });
    await cutOne(source, destination);
    const found = await doctor(backup, '--fix', '-f', destination);
    t.match(found, { code: 1, codes: ['partial-receive'], mended: [] }, 'and not given up, even with -f');
    await backup.script(found.findings[0]?.mend.lines.join('\n') ?? 'false');
    t.match(await doctor(backup, destination), { code: 0, codes: [] });
    t.same(await newest(backup, destination), await newest(fileserver, source));
  });

  needing(['resume'], 'one that nobody can go on with is given up by --fix', async (t) => {
    const { source, destination } = await makePair(gate, 'home/lost', { savecount: 9 });
    await cutOne(source, destination);
    await fileserver.script(
      `zfs destroy $(zfs list -H -o name -t snapshot -s creation -r -d 1 ${source} | tail -n 1)`,
    );
    t.match(await doctor(backup, destination), { code: 1, codes: ['partial-receive-dead'] });
    const fixed = await doctor(backup, '--fix', destination);
    t.match(fixed, { code: 0, codes: [], mended: ['partial-receive-dead'] });
    await backup.run(['zrep', 'refresh', destination]);
  });

  needing(['resume'], 'a snapshot of another tool is named as what made it useless', async (t) => {
    const { source, destination } = await makePair(gate, 'home/tool', { savecount: 9 });
    await cutOne(source, destination);
    await backup.run(['zfs', 'snapshot', `${destination}@autosnap_hourly`]);
    const found = await doctor(backup, destination);
    const dead = found.findings.find(({ code }) => code === 'partial-receive-dead');
    t.match(dead?.what, /autosnap_hourly was made on this host since.*sanoid/);
    await backup.run(['zrep', 'refresh', destination]);
    t.notOk((await doctor(backup, destination)).codes.includes('partial-receive-dead'));
  });

  async function newest(host: Host, dataset: string): Promise<unknown> {
    return (await snapshotsOf(host, dataset)).at(-1);
  }

  async function cutOne(source: string, destination: string, bytes = 1_000_000): Promise<void> {
    await writeData(fileserver, source, 'much', 4096);
    await cutNext(backup, bytes);
    const { code } = await backup.run(['zrep', 'refresh', destination], { allowFail: true });
    if (code === 0) throw new Error('the stream was not cut off');
  }
});
