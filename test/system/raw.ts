/** Encrypted datasets whose key is not loaded: pulled raw, and only where raw is allowed. */

import t, { type Test } from 'tap';
import { type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { epoch, type GateLab, inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { propertyOf, receive, streamsOn } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { callsOn, installWrapper, LOGGED_ZFS } from '../fixtures/system/wrapper.ts';

const POLICY = `
zfs = "${LOGGED_ZFS}"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/required"
operations = ["pull", "send"]
raw = "required"

[[client.backup1.grant]]
dataset = "tank/forbidden"
operations = ["send"]
raw = "forbidden"

[[client.backup1.grant]]
dataset = "tank/optional"
operations = ["pull", "send"]

[[client.backup1.grant]]
dataset = "tank/encrypted"
subtree = true
operations = ["pull", "expire", "read"]
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault, ask } = gate;
  await installWrapper(fileserver);
  const testNeeding = await testsNeeding(t, fileserver, ['raw']);
  const plain = { required: `${tank}/required`, forbidden: `${tank}/forbidden` };
  await gate.share();

  t.test(
    'without -w nothing is sent where raw is required, with -w nothing where it is forbidden',
    async (t) => {
      const snapshots = ['@zrep_000000', '@zrep_000001'];
      await callsOn(fileserver);
      for (const words of ['', '-i @zrep_000000 ', '-L -c -e ', '--compressed ']) {
        const sends = `zfs send ${words}${plain.required}${snapshots[1]}`;
        checkRefusal(t, await ask(sends), 'raw-required', 77);
      }
      for (const words of ['-w', '--raw', '-cw', '-L --raw']) {
        const sends = `zfs send ${words} ${plain.forbidden}${snapshots[0]}`;
        checkRefusal(t, await ask(sends), 'raw-forbidden', 77);
      }
      t.same(await callsOn(fileserver), [], 'zfs was not even called');
    },
  );

  testNeeding(
    ['raw'],
    'where raw is required a pull brings what the fileserver itself cannot read',
    async (t) => {
      const pair = { source: plain.required, destination: `${vault}/required`, tag: 'zrep' };
      const key = await makeEncrypted(gate, pair.source);
      await writeData(fileserver, pair.source, 'first', 256);
      await fileserver.script(`zfs snapshot ${zrepName(pair.source, 0)}
      zfs set zrep:sent=${epoch()} ${zrepName(pair.source, 0)}`);
      await forgetKey(gate, pair.source);
      const first = await receive(gate, `zfs send -w ${zrepName(pair.source, 0)}`, ['-u', pair.destination]);
      t.match(first, { code: 0, stderr: '' }, 'the first copy, raw');
      for (const file of ['second', 'third']) {
        await writeInto(gate, pair.source, file);
        await pullRaw(t, gate, pair);
      }
      t.equal(await propertyOf(backup, 'keystatus', pair.destination), 'unavailable');
      const failed = await backup.run(['zfs', 'mount', pair.destination], { allowFail: true });
      t.not(failed.code, 0, 'the backup server cannot read it');

      await backup.writeFile('/run/lab/key', key);
      await backup.script(`zfs load-key -L file:///run/lab/key ${pair.destination}`);
      await fileserver.script(`zfs load-key ${pair.source}; zfs mount ${pair.source}`);
      await backup.script(`zfs mount ${pair.destination}`);
      const sums = 'cd "$(zfs get -H -o value mountpoint "$1")" && sha256sum *';
      const [here, there] = await Promise.all([
        fileserver.run(['sh', '-c', sums, 'sh', pair.source]),
        backup.run(['sh', '-c', sums, 'sh', pair.destination]),
      ]);
      t.equal(here.stdout.trim().split('\n').length, 3, 'three files');
      t.equal(there.stdout, here.stdout, 'with the key the data are the same');
    },
  );

  testNeeding(
    ['raw'],
    'with no key and not raw nothing is sent, the reason is told, and neither lock nor mark is left',
    async (t) => {
      const source = `${tank}/optional`;
      await makeEncrypted(gate, source);
      for (const number of [0, 1]) await fileserver.run(['zfs', 'snapshot', zrepName(source, number)]);
      await fileserver.run(['zfs', 'set', `zrep:sent=${epoch()}`, zrepName(source, 0)]);
      await forgetKey(gate, source);
      const zreps = async () => (await stateOf(fileserver)).filter((line) => line.includes('\tzrep:'));
      const before = await zreps();
      for (const command of [`zrep _refreshpull ${zrepName(source, 1)}`, `zfs send ${zrepName(source, 1)}`]) {
        const answer = await ask(command);
        t.ok(answer.stdout.length < 1024, 'the head of a stream at most, and no data');
        const { reason } = checkRefusal(t, { ...answer, stdout: '' }, 'key-not-loaded', 77);
        t.match(reason, `zfs load-key -r $(zfs get -H -o value encryptionroot ${source})`);
      }
      t.same(await zreps(), before, 'no lock, no mark');
    },
  );
});

/** An encrypted file system as zrep's master has it, without snapshots; its key. */
async function makeEncrypted({ fileserver }: GateLab, dataset: string): Promise<Buffer> {
  const key = Buffer.from('a key of thirty-two bytes, known');
  const file = `/run/lab/${dataset.split('/')[1]}.key`;
  await fileserver.writeFile(file, key);
  const properties = { encryption: 'on', keyformat: 'raw', keylocation: `file://${file}` };
  await makeSource(fileserver, dataset, { snapshots: 0, properties });
  return key;
}

async function forgetKey({ fileserver }: GateLab, dataset: string): Promise<void> {
  await fileserver.script(`zfs unmount ${dataset}; zfs unload-key ${dataset}`);
}

/** Writes with the key, and unloads it again. */
async function writeInto(gate: GateLab, dataset: string, file: string): Promise<void> {
  await gate.fileserver.script(`zfs load-key ${dataset}; zfs mount ${dataset}`);
  await writeData(gate.fileserver, dataset, file, 256);
  await forgetKey(gate, dataset);
}

/** A refresh while the key is not loaded: -w has been added, and both sides have the same snapshots. */
async function pullRaw(t: Test, gate: GateLab, { source, destination }: Pair): Promise<void> {
  const { fileserver, backup, ask } = gate;
  const { stdout: snapshot } = await ask(`zrep snaponly ${source}`);
  await callsOn(fileserver);
  t.match(await receive(gate, `zrep  _refreshpull ${snapshot}  `, ['-u', destination]), {
    code: 0,
    stderr: '',
  });
  t.match(await streamsOn(fileserver), [['send', '-w', '-i', /^.*@zrep_/, snapshot]]);
  const mark = `zrep:sent=${epoch()}`;
  await backup.run(['zfs', 'set', mark, `${destination}@${snapshot.split('@')[1]}`]);
  t.match(await ask(`zrep _refreshcomplete ${snapshot} ${mark}`), { code: 0, stderr: '' });
  const [here, there] = [await snapshotsOf(fileserver, source), await snapshotsOf(backup, destination)];
  t.same(
    there.map(({ name, guid }) => ({ name, guid })),
    here.map(({ name, guid }) => ({ name, guid })),
  );
}
