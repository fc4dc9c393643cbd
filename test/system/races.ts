/** What changes between a decision and what follows from it, and who comes at the same time. */

import t from 'tap';
import { writeData } from '../../lab/pair.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { renameFileSystem } from '../fixtures/system/insist.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { installPausingZfs, PAUSING_ZFS, whilePaused } from '../fixtures/system/pausing.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const LIMITS = `
[limits]
keep-at-least = 1
keep-for = "0 seconds"
`;
const POLICY = `
zfs = "${PAUSING_ZFS}"
${LIMITS}
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire"]
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, tank, ask } = gate;
  await installPausingZfs(fileserver);
  const zfs = (...words: string[]) => fileserver.run(['zfs', ...words]);
  await gate.share();

  t.test(
    'of two that expire at once each is done or told to come again, and nothing else goes',
    async (t) => {
      const source = await makeSource(fileserver, `${tank}/home/twice`, {
        snapshots: 12,
        sent: [...Array(12).keys()],
        savecount: '3',
      });
      const ends = await Promise.all([1, 2, 3].map(() => ask(`zrep expire -L ${source}`)));
      t.same(
        [...new Set(ends.map(({ code }) => code))].filter((code) => code !== 0 && code !== 75),
        [],
      );
      t.ok(
        ends.some(({ code }) => code === 0),
        'one at least was done',
      );
      for (const busy of ends.filter(({ code }) => code === 75)) checkRefusal(t, busy, 'lock-busy', 75);
      t.same(await snapshotNames(fileserver, source), ['zrep_000009', 'zrep_00000a', 'zrep_00000b']);
      t.equal(await propertyOf(fileserver, 'zrep:lock-pid', source), '-');
    },
  );

  t.test(
    'a snapshot that was made anew under its name meanwhile is not the one that was to be streamed',
    async (t) => {
      const source = await makeSource(fileserver, `${tank}/home/anew`, { snapshots: 2 });
      const name = zrepName(source, 1);
      const pulled = await whilePaused(gate, `zrep _refreshpull ${name}`, async () => {
        await zfs('destroy', name);
        await writeData(fileserver, source, 'other', 16);
        await zfs('snapshot', name);
      });
      t.equal(pulled.code, 75);
      t.match(pulled.stderr, /^zrep-gate: refused \(changed-meanwhile\): /);
      t.equal(await propertyOf(fileserver, 'zrep-gate:streamed', name), '-');
      checkRefusal(t, await ask(`zrep _refreshcomplete ${name} zrep:sent=${now()}`), 'not-streamed', 77);
    },
  );

  t.test('another file system that took the name meanwhile is not completed', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/renamed`, { snapshots: 2 });
    const other = await makeSource(fileserver, `${tank}/other`, { snapshots: 2 });
    const pulled = await whilePaused(gate, `zrep _refreshpull ${zrepName(source, 1)}`, async () => {
      await renameFileSystem(fileserver, source, `${tank}/home/away`);
      await renameFileSystem(fileserver, other, source);
    });
    t.equal(pulled.code, 75);
    t.match(pulled.stderr, /^zrep-gate: refused \(changed-meanwhile\): /);
    for (const dataset of [source, `${tank}/home/away`])
      t.equal(await propertyOf(fileserver, 'zrep-gate:streamed', zrepName(dataset, 1)), '-', dataset);
    const complete = `zrep _refreshcomplete ${zrepName(source, 1)} zrep:sent=${now()}`;
    checkRefusal(t, await ask(complete), 'not-streamed', 77);
  });

  t.test('where nothing changed meanwhile the same stream is recorded and can be completed', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/quiet`, { snapshots: 2 });
    const name = zrepName(source, 1);
    const pulled = await whilePaused(gate, `zrep _refreshpull ${name}`, async () => {});
    t.equal(pulled.code, 0, 'streamed', { said: pulled.stderr });
    t.match(await propertyOf(fileserver, 'zrep-gate:streamed', name), /^backup1@\d+$/);
    t.equal((await ask(`zrep _refreshcomplete ${name} zrep:sent=${now()}`)).code, 0);
  });

  t.test('a policy that is replaced all the time is the old one or the new one', async (t) => {
    const padding = '# as long as several reads\n'.repeat(4000);
    // The head of the one and the tail of the other would let backup1 at the third.
    const granting = (client: string, dataset: string) => `
zfs = "${PAUSING_ZFS}"
[client.${client}]
${padding}
[[client.${client}.grant]]
dataset = "${dataset}"
operations = ["pull"]
${padding}`;
    const [one, two, third] = ['one', 'two', 'third'].map((name) => `${tank}/home/${name}`);
    for (const dataset of [one, two, third]) await makeSource(fileserver, dataset as string);
    await fileserver.writeFile('/etc/zrep-gate/one.toml', granting('backup1', one as string));
    await fileserver.writeFile('/etc/zrep-gate/two.toml', granting('backup2', two as string));
    const replacing = fileserver.spawn([
      'sh',
      '-c',
      `cd /etc/zrep-gate; while :; do for next in one two; do cp $next.toml new && mv new policy.toml; done; done`,
    ]);
    t.teardown(() => replacing.child.kill('SIGKILL'));
    const codes = new Set<string>();
    for (let round = 0; round < 12; round += 1) {
      for (const [dataset, name] of [
        [one, 'one'],
        [third, 'third'],
      ]) {
        const { stderr } = await ask(`zrep snaponly ${dataset}`);
        codes.add(`${name}: ${/refused \(([a-z-]+)\)/.exec(stderr)?.[1] ?? 'allowed'}`);
      }
    }
    const sound = ['one: allowed', 'one: unknown-client', 'third: not-granted', 'third: unknown-client'];
    t.same(
      [...codes].filter((code) => !sound.includes(code)),
      [],
    );
    t.ok(codes.has('one: allowed'), 'the one was seen', { said: [...codes] });
    t.same(await snapshotNames(fileserver, third as string), ['zrep_000000']);
  });
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}
