/** list, status, getlastsent, uptodate and snapshots on two hosts, over real ZFS and through the gate. */

import t from 'tap';
import { switchTo } from '../../lab/gate.ts';
import type { Host } from '../../lab/host.ts';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import manifest from '../../package.json' with { type: 'json' };
import { inGateLab, stateOf } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { startSleeper } from '../fixtures/system/sleeper.ts';
import { callsOn, installWrapper, LOGGED_ZFS } from '../fixtures/system/wrapper.ts';

const POLICY = homePolicy(
  '["pull", "expire", "read"]',
  `
tags = ["zrep", "off"]
[[client.backup1.grant]]
dataset = "tank/mute"
operations = ["expire"]
`,
);

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await switchTo(fileserver, manifest.version, 'zrep');
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  const on =
    (host: Host) =>
    (words: string, env: Record<string, string> = {}) =>
      host.run(['zrep', ...words.split(' ')], { allowFail: true, env });
  const [there, here] = [on(fileserver), on(backup)];

  const one = await makePair(gate, 'home/one');
  const two = await makePair(gate, 'home/one-b');
  // Below the first, a pair of its own whose names sort behind all others. Not mounted: that would change what it lies in.
  await backup.run(['zfs', 'set', 'mountpoint=none', one.destination]);
  const inner = await makePair(gate, 'home/one/inner');
  const tagged = await makePair(gate, 'home/tagged', { tag: 'off' });
  const mute = await makePair(gate, 'mute');
  await fileserver.run(['zfs', 'set', 'my:note=two  words, and m\u00f6re', one.source]);
  await writeData(fileserver, one.source, 'news', 64);
  for (const { destination } of [one, two]) await backup.run(['zrep', 'refresh', destination]);
  const all = [one, two, inner, mute];
  const names = (side: 'source' | 'destination', pairs: readonly Pair[] = all) =>
    pairs.map((pair) => pair[side]);
  /** Of these pairs, what is on a host; where the hosts share the kernel's ZFS, each has both pools. In the order of zfs. */
  const seenOn = (host: Host, pairs: readonly Pair[] = all) =>
    gate.zfs === 'kernel'
      ? [...names('source', pairs), ...names('destination', pairs)]
      : names(host === fileserver ? 'source' : 'destination', pairs);
  const lines = (words: readonly string[]) => words.map((word) => `${word}\n`).join('');
  const sentOf = async (host: Host, dataset: string) => (await snapshotsOf(host, dataset)).at(-1)?.sent ?? '';
  const dated = async (host: Host, dataset: string, format: string, zone: string) =>
    (
      await host.run(['date', '-d', `@${await sentOf(host, dataset)}`, `+${format}`], { env: { TZ: zone } })
    ).stdout.trimEnd();

  t.test('list has the names of sources and copies, in the order of zfs', async (t) => {
    t.equal((await there('list')).stdout, lines(seenOn(fileserver)));
    t.equal((await here('-l')).stdout, lines(seenOn(backup)));
    t.equal((await there('list -L')).stdout, lines(names('source')));
    t.equal((await here('list -L')).stdout, '');
    t.equal(
      (await there(`list ${one.source} ${tank} ${two.source}`)).stdout,
      `${one.source}\n${two.source}\n`,
    );
    t.equal((await there('-t off list')).stdout, lines(seenOn(fileserver, [tagged])));
  });

  t.test('list -v has, of each, what zfs says is set, in the order of zfs', async (t) => {
    const blocks = await Promise.all(
      seenOn(fileserver).map(async (name) => {
        const argv = ['zfs', 'get', '-H', '-o', 'property,value', '-s', 'local,received', 'all', name];
        const last = (await snapshotsOf(fileserver, name)).at(-1)?.name;
        return `${name}:\n${(await fileserver.run(argv)).stdout}last snapshot synced: ${name}@${last}\n\n`;
      }),
    );
    const { stdout } = await there('list -v');
    t.equal(stdout, blocks.join(''));
    t.match(stdout, /^my:note\ttwo {2}words, and m\u00f6re$/m);
    t.equal((await there(`list -v ${two.source}`)).stdout, blocks[1]?.slice(0, -1));
  });

  t.test('list -s is what zfs lists, in the time zone of who asks', async (t) => {
    const env = { TZ: 'America/New_York' };
    const argv = ['zfs', 'list', '-r', '-t', 'snapshot', '-o', 'name,creation'];
    const tables = [one.destination, two.destination].map((name) => backup.run([...argv, name], { env }));
    const listed = (await Promise.all(tables)).map(({ stdout }) => stdout).join('');
    t.equal((await here(`list -s ${one.destination} ${two.destination}`, env)).stdout, listed);
    t.match(await here('list -s'), { code: 0, stdout: '', stderr: 'No zrep master filesystems found\n' });
  });

  t.test('status has the hour that the marks carry, on either side, by ZREP_DATEFORMAT and TZ', async (t) => {
    const told = (host: Host, names: readonly string[], format: string, zone: string) =>
      Promise.all(
        names.map(async (name) => `${name.padEnd(52)} last: ${await dated(host, name, format, zone)}`),
      );
    for (const [host, ask] of [
      [fileserver, there],
      [backup, here],
    ] as const)
      for (const [format, zone] of [
        ['%Y/%m/%d-%H:%M:%S', 'UTC'],
        ['%a %d. %b %H:%M %Z', 'America/New_York'],
      ] as const) {
        const { stdout, stderr } = await ask('status -a', { ZREP_DATEFORMAT: format, TZ: zone });
        t.same(
          { stdout, stderr },
          { stdout: lines(await told(host, seenOn(host), format, zone)), stderr: '' },
          `${host.name} ${format}`,
        );
      }
    const plain = await told(fileserver, names('source'), '%Y/%m/%d-%H:%M:%S', 'UTC');
    t.equal((await there('status', { TZ: 'UTC' })).stdout, lines(plain), 'without -a the masters');
    const none = await here('status');
    // In a guest both hosts see one another's pools.
    const own = none.stderr
      .split('\n')
      .filter((line) => line !== '' && !line.includes(` ${fileserver.pool}/`));
    t.same({ stdout: none.stdout, own }, { stdout: '', own: [] }, 'this host is the master of none');
    t.match(
      await backup.run(['script', '-qec', 'zrep status', '/dev/null']),
      { stdout: /^this host is the master of no .*; for the copies on it: zrep status -a\r\n$/m },
      'which a person is told',
    );
    const date = await dated(fileserver, one.source, '%Y/%m/%d-%H:%M', 'UTC');
    const line = `${one.source.padEnd(25)}->${`backup:${one.destination}`.padEnd(35)} ${date}\n`;
    t.equal((await there(`status -v ${one.source}`, { TZ: 'UTC' })).stdout, line);
    t.match((await here('status -v -a', { TZ: 'UTC' })).stdout, line, 'the same from the other side');
  });

  t.test('stock bug 6: getlastsent of a file system is its own, whatever is below it', async (t) => {
    for (const [ask, side] of [
      [there, 'source'],
      [here, 'destination'],
    ] as const) {
      t.equal((await ask(`getlastsent ${one[side]}`)).stdout, `${one[side]}@zrep_000001\n`);
      t.equal((await ask(`lastsent ${inner[side]}`)).stdout, `${inner[side]}@zrep_000000\n`);
    }
    t.equal((await there(`-t off getlastsent ${tagged.source}`)).stdout, `${tagged.source}@off_000000\n`);
  });

  t.test('uptodate goes by what was written, where zfs can tell', async (t) => {
    const ask = () => there(`uptodate ${one.source}`);
    if (gate.zfs === 'zfs-fuse') {
      t.match(await ask(), { code: 1, stdout: '', stderr: /cannot tell what was written since a snapshot/ });
      return;
    }
    t.match(await ask(), { code: 0, stdout: '', stderr: '' });
    await writeData(fileserver, one.source, 'more', 64);
    await fileserver.run(['sync']);
    t.match(await ask(), { code: 1, stdout: '', stderr: '' });
  });

  t.test('status starts zfs as often for one file system as for many', async (t) => {
    await installWrapper(backup, LOGGED_ZFS);
    const count = async (words: string) => {
      await here(words, { ZREP_ZFS: LOGGED_ZFS });
      return (await callsOn(backup)).length;
    };
    // What is right below another one is asked for apart (src/zfs/argv.ts).
    const most = gate.zfs === 'zfs-fuse' ? 3 : 2;
    for (const words of ['status', 'status -v', 'status --json', 'status --warn 2h']) {
      const [alone, all] = [await count(`${words} ${one.destination}`), await count(`${words} all`)];
      t.ok(all <= most && alone <= 2 && (most === 3 || all === alone), words, { alone, all });
    }
    t.equal(await count('status --json --prometheus /run/lab/zrep.prom'), most);
  });

  t.test('what monitoring reads: states, locks, a file that is whole', async (t) => {
    t.match(await here('status --warn 2h --critical 6h'), {
      code: 0,
      stdout: new RegExp(`^ZREP OK - ${seenOn(backup).length} file systems, `),
    });
    const mark = `zrep:sent=${Math.floor(Date.now() / 1000) - 9000}`;
    await backup.run(['zfs', 'set', mark, `${mute.destination}@zrep_000000`]);
    t.match(await here('status --warn 2h --critical 6h'), {
      code: 1,
      stdout: new RegExp(
        `^ZREP WARNING - ${mute.destination} was last sent 2h 30min ago, which is more than 2h`,
      ),
    });
    const pid = await startSleeper(backup);
    await backup.run(['zfs', 'set', `zrep:lock-pid=${pid}`, one.destination]);
    await backup.run(['zfs', 'set', 'zrep:lock-pid=4194304', two.destination]);
    const { stdout } = await here('status --json');
    const found = JSON.parse(stdout) as {
      datasets: { dataset: string; lock: unknown; lagSeconds: number }[];
    };
    const lockOf = (name: string) => found.datasets.find(({ dataset }) => dataset === name)?.lock;
    t.match(lockOf(one.destination), { pid: Number(pid), state: 'live' });
    t.match(lockOf(two.destination), { pid: 4194304, state: 'stale' });
    t.equal(lockOf(inner.destination), null);
    for (const { destination } of [one, two])
      await backup.run(['zfs', 'inherit', 'zrep:lock-pid', destination]);
    const file = '/run/lab/zrep.prom';
    t.match(await here(`status --prometheus ${file}`), { code: 0, stdout: '' });
    t.equal((await backup.run(['stat', '-c', '%a', file])).stdout, '644\n');
    t.match(
      await backup.readFile(file),
      new RegExp(
        `^zrep_last_sent_timestamp_seconds\\{filesystem="${mute.destination}".*\\} ${mark.slice(10)}$`,
        'm',
      ),
    );
  });

  t.test('snapshots has what zfs says of each, and what zrep-expire would do', async (t) => {
    const { stdout } = await here(`snapshots --json -k 1 ${one.destination}`);
    const [{ snapshots: rows = [] } = {}] = JSON.parse(stdout).datasets as {
      snapshots: Record<string, unknown>[];
    }[];
    t.equal(rows.length, 2);
    for (const row of rows)
      for (const property of ['guid', 'used', 'referenced', 'creation'])
        t.equal(
          String(row[property]),
          await propertyOf(backup, property, `${one.destination}@${row['name']}`),
          property,
        );
    t.match(rows, [{ name: 'zrep_000000' }, { name: 'zrep_000001', action: 'keep' }]);
    t.match(
      (await here(`snapshots ${one.destination}`)).stdout,
      /copy of fileserver:.*: 2 snapshots\n {2}SNAPSHOT/,
    );
  });

  t.test('--verify asks through the gate, and changes nothing on either side', async (t) => {
    const before = [await stateOf(fileserver), await stateOf(backup)];
    const asked = await here(`status --verify ${one.destination} ${inner.destination} ${two.destination}`);
    t.match(asked, { code: 0, stdout: /^(?:\S+: the next pull would succeed\n){3}$/, stderr: '' });
    t.match(await here(`-t off status --verify ${tagged.destination}`), {
      code: 0,
      stdout: /would succeed\n$/,
    });
    t.same([await stateOf(fileserver), await stateOf(backup)], before);
  });

  t.test('--verify says so where the gate grants neither pulls nor reads, or nothing answers', async (t) => {
    t.match(await here(`status --verify ${mute.destination}`), {
      code: 1,
      stdout: `${mute.destination}: the next pull would FAIL: fileserver does not let this client pull ${mute.source}. In the grant for`,
    });
    t.match(await here(`status --warn 1y --verify ${mute.destination}`), {
      code: 2,
      stdout: /^ZREP CRITICAL - .*does not let this client pull/,
    });
    t.match(await here(`status --warn 1y --verify ${one.destination}`, { SSH: 'ssh -p 1' }), {
      code: 2,
      stdout: /^ZREP CRITICAL - .*the next pull would fail: cannot connect to fileserver: /,
    });
  });

  t.test('--verify finds what the next pull would fail by', async (t) => {
    const verify = async (destination: string) => (await here(`status --verify ${destination}`)).stdout;
    await fileserver.run(['zfs', 'inherit', 'zrep:master', inner.source]);
    t.match(
      await verify(inner.destination),
      /would FAIL: the gate on fileserver would refuse \(not-marked-master\)/,
    );
    await fileserver.run(['zfs', 'set', 'zrep:master=yes', inner.source]);

    await backup.run(['zfs', 'snapshot', `${two.destination}@by-hand`]);
    // Nothing was changed in front of it, so zfs receives all the same.
    t.match(await verify(two.destination), /would succeed/);
    t.match(await here(`refresh ${two.destination}`), { code: 0 });

    const changed = `${two.destination}@changed`;
    await backup.run(['zfs', 'set', 'readonly=off', two.destination]);
    await writeData(backup, two.destination, 'change', 64);
    await backup.run(['zfs', 'snapshot', changed]);
    t.match(
      await verify(two.destination),
      /would FAIL: .* of its own since the newest common snapshot, .*@changed/,
    );
    t.match(await here(`refresh ${two.destination}`), { code: 1 }, 'and so it does');

    const newer = `${one.source}@zrep_000009`;
    await fileserver.run(['zfs', 'snapshot', newer]);
    await fileserver.run(['zfs', 'set', 'zrep:sent=1795567059', newer]);
    t.match(
      await verify(one.destination),
      /would succeed/,
      'by the newest common snapshot, whatever is marked there',
    );
    await fileserver.run(['zfs', 'destroy', newer]);
    await fileserver.run(['zfs', 'destroy', `${one.source}@zrep_000001`]);
    // Or the next pull would begin with its bookmark.
    await fileserver.script(
      `for b in $(zfs list -H -d 1 -t bookmark -o name ${one.source} 2>/dev/null); do zfs destroy $b; done`,
    );
    t.match(
      await verify(one.destination),
      /@zrep_000001 on .* is not the snapshot of that name that fileserver sends/,
      'the next one will be',
    );
    await fileserver.run(['zfs', 'snapshot', `${one.source}@zrep_000001`]);
    t.match(
      await verify(one.destination),
      /@zrep_000001 on .* is not the snapshot of that name that fileserver sends/,
    );
  });
});
