/** A fileserver that means harm, and what of it reaches the backup server: nothing. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, writeData } from '../../lab/pair.ts';
import { PAIR_PROPERTIES } from '../../src/client/copy/receive.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { propertyOf } from '../fixtures/system/partial.ts';

/**
 * Sends what it is told to send with the flags that somebody wrote into a file; where those are `OUTER / INNER`, a package as
 * OUTER makes it, with one as INNER makes it in the place of its streams.
 */
const ZFS = '/usr/local/sbin/zfs-hostile';
const SCRIPT = `#!/bin/bash
if [ "$1" = send ] && [ "$2" != -nP ] && [ -e /run/lab/flags ]; then
  shift
  flags=$(cat /run/lab/flags)
  case $flags in
    */*) ;;
    *) exec /usr/sbin/zfs send $flags "$@" ;;
  esac
  outer=/run/lab/outer.$$
  /usr/sbin/zfs send \${flags%/*} "$@" >$outer
  head -c $((624 + $(od -An -tu4 -j4 -N4 $outer))) $outer
  /usr/sbin/zfs send \${flags#*/} "$@"
  exec tail -c 312 $outer
fi
exec /usr/sbin/zfs "$@"
`;
const POLICY = `
zfs = "${ZFS}"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
subtree = true
operations = ["pull", "expire"]
`;
/** What a stream can carry that would hurt, or lead the next refresh elsewhere. */
const PLANTED = {
  readonly: 'off',
  mountpoint: '/etc/cron.d',
  setuid: 'on',
  exec: 'on',
  devices: 'on',
  canmount: 'on',
  sharenfs: 'off',
  'zrep:src-host': 'elsewhere',
  'zrep:src-fs': 'tank/elsewhere',
  'zrep:master': 'yes',
  'zrep:savecount': '999',
  'zrep-gate:streamed': 'backup1@1',
};

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await fileserver.writeFile(ZFS, SCRIPT, { mode: 0o755 });
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  const zrep = (...words: string[]) => backup.run(['zrep', ...words], { allowFail: true });
  const needing = await testsNeeding(t, backup, ['receive -x']);
  const sendWith = (flags: string) => fileserver.writeFile('/run/lab/flags', flags);
  const sendPlainly = () => fileserver.run(['rm', '-f', '/run/lab/flags']);

  const isThere = async (dataset: string) =>
    (await backup.run(['zfs', 'list', dataset], { allowFail: true })).code === 0;

  /** A source with all that could hurt set on it, and a child; and how the copy is before anything of that is sent. */
  async function plant(name: string) {
    const pair = await makePair(gate, name);
    await writeData(fileserver, pair.source, 'news', 64);
    await fileserver.run(['zfs', 'create', `${pair.source}/child`]);
    await fileserver.script(
      Object.entries(PLANTED)
        // Mounted there it would be in the way of the fileserver's own cron.
        .map(([name, value]) => `zfs set ${name}=${value} ${pair.source} 2>/dev/null || true`)
        .join('\n'),
    );
    // The gate would no longer serve it as a master of its own.
    await fileserver.script(
      `zfs set zrep:src-host=${fileserver.name} ${pair.source}; zfs set zrep:src-fs=${pair.source} ${pair.source}`,
    );
    const argv = [
      'zfs',
      'get',
      '-H',
      '-o',
      'property,value',
      Object.keys(PLANTED).join(','),
      pair.destination,
    ];
    const look = async () => (await backup.run(argv)).stdout.split('\n');
    return { ...pair, look, before: await look() };
  }

  t.test('what nobody asked for is refused before zfs receive sees it', async (t) => {
    const pair = await plant('home/planted');
    // For recursive streams: the child has the snapshots that the next refreshes make.
    for (const number of [1, 2, 3, 4, 5])
      await fileserver.run(['zfs', 'snapshot', `${pair.source}/child@zrep_00000${number}`]);
    for (const [flags, said] of [
      ['-p', /^Error: the stream from fileserver was not taken: it carries properties \(.*mountpoint/],
      [
        '-R',
        /^Error: the stream from fileserver was not taken: it is recursive, and nobody asked for that: .*\/child/,
      ],
      ['/ -p', /^Error: the stream from fileserver was not taken: it has another package of streams inside/],
      ['/ -R', /^Error: the stream from fileserver was not taken: it has another package of streams inside/],
    ] as const) {
      await sendWith(flags);
      const { code, stderr } = await zrep('refresh', pair.destination);
      t.equal(code, 1, flags);
      t.match(stderr, said);
      t.same(await snapshotNames(backup, pair.destination), ['zrep_000000'], 'nothing came');
      t.same(await pair.look(), pair.before);
      t.notOk(await isThere(`${pair.destination}/child`));
      t.equal(await propertyOf(backup, 'zrep:lock-pid', pair.destination), '-');
      // And it would have hurt.
      if (flags !== '/ -R') continue;
      const into = `${vault}/home/unguarded`;
      await backup.script(`zfs send ${pair.destination}@zrep_000000 | zfs receive ${into}`);
      const command = `zrep _refreshpull ${pair.source}@zrep_000004`;
      await backup.script(`ssh fileserver '${command}' 2>/dev/null | zfs receive ${into} || true`);
      t.ok(await isThere(`${into}/child`), 'zfs alone takes a tree within a package');
    }
    await sendPlainly();
    const { code, stderr } = await zrep('refresh', pair.destination);
    t.same([code, stderr], [0, ''], 'an honest stream comes as ever');
    t.equal((await snapshotNames(backup, pair.destination)).at(-1), 'zrep_000005');
    t.same(await pair.look(), pair.before);
  });

  needing(['receive -x'], 'properties that were asked for change nothing that could hurt', async (t) => {
    const planted = await plant('home/asked');
    // Its own: an inherited one is kept by newer OpenZFS (seen on 2.3.9 and 2.4.4, not on 2.3.2).
    await backup.run(['zfs', 'set', 'mountpoint=/srv/asked', planted.destination]);
    const pair = { ...planted, before: await planted.look() };
    const asking = () =>
      backup.run(['zrep', 'refresh', pair.destination], { allowFail: true, env: { ZREP_SEND_FLAGS: '-p' } });
    await sendWith('-p');
    const { code, stderr } = await asking();
    t.equal(code, 0, 'refreshed', { said: stderr });
    t.same(await snapshotNames(backup, pair.destination), ['zrep_000000', 'zrep_000001']);
    t.same(await pair.look(), pair.before);
    // What the copy had of its own, which zfs takes away with the first such stream; all else `receive -x` has kept out.
    const own = ['mountpoint', ...PAIR_PROPERTIES.map((name) => `zrep:${name}`), 'readonly'].join(', ');
    t.match(
      stderr,
      new RegExp(`properties that nobody asked for; they were put back as they were: ${own}\n$`),
    );
    // What was put back holds: the next such stream has nothing to change.
    const again = await asking();
    await sendPlainly();
    t.same([again.code, again.stderr], [0, '']);
    t.same(await pair.look(), pair.before);
  });

  needing(['receive -x'], 'a save count that the stream brings destroys nothing', async (t) => {
    const { source, destination } = await plant('home/saving');
    await fileserver.run(['zfs', 'set', 'zrep:savecount=9', source]);
    for (const _ of [1, 2, 3]) t.equal((await zrep('refresh', destination)).code, 0);
    await fileserver.run(['zfs', 'set', 'zrep:savecount=1', source]);
    await backup.run(['zfs', 'set', 'zrep:savecount=9', destination]);
    const names = await snapshotNames(backup, destination);
    await sendWith('-p');
    const asking = { allowFail: true, env: { ZREP_SEND_FLAGS: '-p' } };
    const { code, stderr } = await backup.run(['zrep', 'refresh', destination], asking);
    await sendPlainly();
    t.equal(code, 0, 'refreshed', { said: stderr });
    t.same((await snapshotNames(backup, destination)).slice(0, -1), names, 'all of them are there');
  });

  needing(
    ['receive -x'],
    'what comes within a stream that was asked for is told of, and not marked',
    async (t) => {
      const pair = await plant('home/tree');
      await fileserver.run(['zfs', 'snapshot', `${pair.source}/child@zrep_000001`]);
      // Its head says that it is of one file system.
      await sendWith('-p / -R');
      const { code, stderr } = await backup.run(['zrep', 'refresh', pair.destination], {
        allowFail: true,
        env: { ZREP_SEND_FLAGS: '-p' },
      });
      await sendPlainly();
      t.equal(code, 1);
      t.match(
        stderr,
        /^Error: the far side sent a recursive stream that nobody asked for: .*\/child came along/m,
      );
      t.equal(await propertyOf(backup, 'zrep:sent', `${pair.destination}@zrep_000001`), '-');
      // Putting the mountpoint back can have mounted it: below the copy, and nowhere else.
      const [own, child] = await Promise.all(
        [pair.destination, `${pair.destination}/child`].map((one) => propertyOf(backup, 'mountpoint', one)),
      );
      t.equal(child, `${own}/child`);
      t.equal(await propertyOf(backup, 'zrep:lock-pid', pair.destination), '-');
      t.same(await pair.look(), pair.before);
    },
  );

  t.test('a banner or junk in front of the name is refused, without its escape sequences', async (t) => {
    const pair = await makePair(gate, 'home/banner');
    await backup.writeFile('/root/far', '#!/bin/sh\nprintf "\\033[2Jhello\\n%s@zrep_000001" "$1"\n', {
      mode: 0o755,
    });
    // A person's own SSH: whatever it is asked, it answers so.
    const { code, stderr } = await backup.run(['zrep', 'refresh', pair.destination], {
      allowFail: true,
      env: { SSH: '/root/far' },
    });
    t.equal(code, 1);
    t.match(stderr, /^Error: Unrecognized output from src snap\. Cannot continue/);
    t.notOk(stderr.includes('\x1b'));
    t.same(await snapshotNames(backup, pair.destination), ['zrep_000000']);
  });

  t.test('what the far side says on its standard error is shown as text', async (t) => {
    const pair = await makePair(gate, 'home/escapes');
    await backup.writeFile('/root/far', '#!/bin/sh\nprintf "\\033]0;owned\\007\\n" >&2; exit 1\n', {
      mode: 0o755,
    });
    const { code, stderr } = await backup.run(['zrep', 'refresh', pair.destination], {
      allowFail: true,
      env: { SSH: '/root/far' },
    });
    t.equal(code, 1);
    t.match(stderr, /^fileserver: \\x1b\]0;owned\\x07$/m);
    t.notOk(stderr.includes('\x1b') || stderr.includes('\x07'));
    t.match(stderr, new RegExp(`Error: snap of src ${pair.source} on fileserver failed`));
  });

  t.test('a host in the properties that is an option of ssh is not called', async (t) => {
    const pair = await makePair(gate, 'home/option');
    await backup.run(['zfs', 'set', 'zrep:src-host=-oProxyCommand=touch\\ /run/lab/owned', pair.destination]);
    const { code, stderr } = await zrep('refresh', pair.destination);
    t.equal(code, 1);
    t.match(stderr, /is not the name of a host/);
    t.equal((await backup.run(['test', '-e', '/run/lab/owned'], { allowFail: true })).code, 1);
  });
});
