/** `zrep _state`: how a pair stands, told by the gate through the real sshd, alone and in a session. */

import t from 'tap';
import { makePair } from '../../lab/pair.ts';
import type { DatasetState } from '../../src/replication/format-state.ts';
import { eventually } from '../fixtures/eventually.ts';
import { loggedOn } from '../fixtures/system/audit-log.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { seatsOn } from '../fixtures/system/seats.ts';
import { openSession } from '../fixtures/system/session.ts';
import { fill, smallPool } from '../fixtures/system/small-pool.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const POLICY = `
[audit]
syslog = "local"
[limits]
keep-at-least = 1
keep-for = "0 seconds"
stall-seconds = 10
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire"]
[[client.backup1.grant]]
dataset = "tank/new"
operations = ["init"]
[[client.backup1.grant]]
dataset = "tank/other"
operations = ["read", "send", "expire"]
[[client.backup1.grant]]
dataset = "tank-small/x"
operations = ["pull", "expire"]
`;

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, tank, vault, ask } = gate;
  const needing = await testsNeeding(t, fileserver, ['bookmarks', 'raw', 'estimates']);
  const zfs = (...words: string[]) => fileserver.run(['zfs', ...words]);
  const pair = await makePair(gate, 'home');
  await gate.share();

  async function told(dataset: string): Promise<DatasetState> {
    const { code, stdout, stderr } = await ask(`zrep _state ${dataset}`);
    t.same({ code, stderr }, { code: 0, stderr: '' });
    t.match(stdout, /^[\x20-\x7e]+\n$/);
    return JSON.parse(stdout);
  }

  /** As zfs says it of one object. */
  async function point(name: string) {
    const values = ['guid', 'createtxg', 'creation'].map((property) =>
      propertyOf(fileserver, property, name),
    );
    const [guid, createtxg, creation] = await Promise.all(values);
    return { name: name.replace(/.*[@#]/, ''), guid, createtxg, creation };
  }

  t.test('a pair is told with all of its snapshots, whoever made them, and nothing is changed', async (t) => {
    await zfs('snapshot', `${pair.source}@by-hand`);
    await zfs('create', `${pair.source}/child`);
    await zfs('snapshot', '-r', `${pair.source}@auto`);
    const before = await stateOf(fileserver);
    const state = await told(pair.source);
    t.same(await stateOf(fileserver), before);
    const sent = await propertyOf(fileserver, 'zrep:sent', zrepName(pair.source, 0));
    const local = (value: string) => ({ value, source: 'local' });
    const { encryption, keystatus, ...others } = state;
    t.same(others, {
      ...{ version: 1, host: 'fileserver', dataset: pair.source, tag: 'zrep', type: 'filesystem' },
      ...{ guid: await propertyOf(fileserver, 'guid', pair.source), refused: null },
      referenced: await propertyOf(fileserver, 'referenced', pair.source),
      properties: {
        master: local('yes'),
        'src-fs': local(pair.source),
        'src-host': local('fileserver'),
        'dest-fs': local(pair.destination),
        'dest-host': local('backup'),
        savecount: local('5'),
      },
      snapshots: [
        { ...(await point(zrepName(pair.source, 0))), ...{ sent, source: 'local' } },
        await point(`${pair.source}@by-hand`),
        await point(`${pair.source}@auto`),
      ],
      bookmarks: [],
    });
    t.ok(encryption === null || encryption === 'off');
    t.equal(keystatus, null);
  });

  needing(['bookmarks'], 'bookmarks are told apart', async (t) => {
    await zfs('bookmark', `${pair.source}@by-hand`, `${pair.source}#kept`);
    await zfs('bookmark', `${pair.source}/child@auto`, `${pair.source}/child#kept`);
    const { snapshots, bookmarks } = await told(pair.source);
    t.same(bookmarks, [await point(`${pair.source}#kept`)]);
    t.equal(bookmarks[0]?.guid, snapshots.find(({ name }) => name === 'by-hand')?.guid);
  });

  t.test('a child that inherits a configuration tells nothing of whose', async (t) => {
    const state = await told(`${pair.source}/child`);
    const inherited = { source: 'inherited' };
    t.same(state.properties, {
      ...{ master: inherited, 'src-fs': inherited, 'src-host': inherited },
      ...{ 'dest-fs': inherited, 'dest-host': inherited, savecount: inherited },
    });
    t.match(state, { refused: { code: 'not-marked-master' }, snapshots: [{ name: 'auto' }] });
    t.notMatch(JSON.stringify(state), vault);
  });

  t.test('what came with a stream is told as received', async (t) => {
    const copy = `${tank}/home/restored`;
    await fileserver.script(`zfs send -R ${zrepName(pair.source, 0)} | zfs receive ${copy}`);
    const state = await told(copy);
    t.match(state.properties, {
      master: { value: 'yes', source: 'received' },
      'src-fs': { value: pair.source, source: 'received' },
    });
    t.match(state.snapshots, [{ name: 'zrep_000000', sent: /^\d+$/, source: 'received' }]);
    t.match(state.refused, { code: 'not-marked-master' });
  });

  needing(['raw'], 'an encrypted dataset is told with whether its key is there', async (t) => {
    const source = `${tank}/home/sealed`;
    await fileserver.script(`echo 12345678 >/run/lab/key
      zfs create -o encryption=on -o keyformat=passphrase -o keylocation=file:///run/lab/key ${source}`);
    for (const [name, value] of [
      ['src-fs', source],
      ['src-host', 'fileserver'],
      ['master', 'yes'],
    ])
      await zfs('set', `zrep:${name}=${value}`, source);
    t.match(await told(source), { encryption: /^aes/, keystatus: 'available', refused: null });
    await fileserver.script(`zfs unmount ${source}; zfs unload-key ${source}`);
    t.match(await told(source), { keystatus: 'unavailable', refused: { code: 'key-not-loaded' } });
  });

  t.test('a pool that is full is told, where nothing is due that would end it', async (t) => {
    const small = `${tank}-small/x`;
    await smallPool(t, fileserver, `${tank}-small`, '/mnt/small');
    await makeSource(fileserver, small);
    t.match((await told(small)).refused, null);
    await fill(t, fileserver, '/mnt/small/x', small);
    const { refused, snapshots } = await told(small);
    t.match(refused, { code: 'pool-full', reason: /none is due to expire/ });
    t.equal(snapshots.length, 1);
  });

  t.test('it is granted with pull or init, and with nothing else', async (t) => {
    for (const name of ['new', 'other', 'secret']) await makeSource(fileserver, `${tank}/${name}`);
    t.match(await told(`${tank}/new`), { refused: { code: 'operation-not-granted' }, snapshots: [{}] });
    checkRefusal(t, await ask(`zrep _state ${tank}/other`), 'operation-not-granted', 77);
    checkRefusal(t, await ask(`zrep -t off _state ${pair.source}`), 'tag-not-granted', 77);
    const { reason } = checkRefusal(t, await ask(`zrep _state ${tank}/secret`), 'not-granted', 77);
    const missing = checkRefusal(t, await ask(`zrep _state ${tank}/home/none`), 'not-granted', 77);
    t.equal(missing.reason, reason.replace('secret', 'home/none'), 'nor told apart from what is not there');
  });

  t.test('a session answers it as it would alone, up to what an answer can have', async (t) => {
    const many = await makeSource(fileserver, `${tank}/home/many`);
    const long = 'n'.repeat(150);
    await fileserver.script(`seq 300 | sed 's|^|${many}@${long}|' | xargs -n 1 zfs snapshot`);
    const session = await openSession(t, gate);
    const { stdout } = await ask(`zrep _state ${pair.source}`);
    t.same(await session.ask(`zrep _state ${pair.source}`), { code: 0, output: stdout, message: '' });
    t.match(await session.ask(`zrep _state ${many}`), {
      code: 77,
      output: '',
      message: /\(not-in-session\)/,
    });
    t.match(await session.ask(`zrep _state ${pair.source}`), { code: 0, output: stdout });
    session.close();
    t.equal(await session.ended, 0);
    t.equal((await told(many)).snapshots.length, 301);
  });

  needing(['estimates'], 'one that nobody reads ends, and gives its seat back', async (t) => {
    const source = await makeSource(fileserver, `${tank}/home/unread`);
    // More than ssh takes for a client that reads nothing: 2 MiB, and what lies in pipes.
    await fileserver.script(`mark=$(printf %08000d 1)
      for number in $(seq 400); do zfs snapshot -o zrep:sent=$mark ${source}@s$number; done`);
    const { child } = gate.backup.spawn(['ssh', 'fileserver', `zrep _state ${source}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    const seats = () => seatsOn(fileserver);
    t.not(await eventually(seats, (found) => found !== ''), '', 'it has a seat');
    const stalled = async () =>
      (await loggedOn(fileserver)).filter(({ fields }) => fields['code'] === 'stalled');
    const [record] = await eventually(stalled, (found) => found.length > 0);
    t.match(record?.fields, {
      event: 'result',
      outcome: 'refused',
      exit: '75',
      reason: /stall-seconds = 10/,
    });
    t.equal(await eventually(seats, (found) => found === ''), '');
    child.kill('SIGKILL');
    t.equal((await told(source)).snapshots.length, 401, 'one that is read comes to its end');
  });
});
