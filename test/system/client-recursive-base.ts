/**
 * `zrep -R`: a tree in which one file system is not as the others. What `zrep status --verify` says is what a refresh then does, and the lines
 * that it names mend the tree.
 */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, type Pair, writeData } from '../../lab/pair.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { openLogin } from '../fixtures/system/open-login.ts';

const grant = (recursive: boolean) => `
[limits]
keep-at-least = 1
keep-for = "0 seconds"
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/r"
subtree = true
operations = ["pull", "expire"]
recursive = ${recursive}
`;

await inGateLab(t, grant(true), async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  await provideBuild(backup, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', '-p', `${tank}/r`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/r`]);
  await gate.shareWithZrep();
  await openLogin(gate, 'plain');
  const needing = await testsNeeding(t, backup, ['receive -x']);
  const zrep = (words: string) => backup.run(['zrep', ...words.split(' ')], { allowFail: true });
  const verify = ({ destination }: Pair) => zrep(`-R status --verify ${destination}`);
  const refresh = ({ destination }: Pair) => zrep(`-R refresh ${destination}`);
  let count = 0;

  /** With /c and /z below, refreshed twice: all have zrep_000000 to zrep_000002, but for the children's first one. */
  const newTree = async (): Promise<Pair> => {
    count += 1;
    const pair = await makePair(gate, `r/t${count}`);
    for (const child of ['c', 'z']) await fileserver.run(['zfs', 'create', `${pair.source}/${child}`]);
    const { source, destination } = pair;
    // As two refreshes leave them, in a fraction of the time.
    for (const [index, name] of ['one', 'two'].entries()) {
      await write(pair, name);
      const snapshot = `zrep_00000${index + 1}`;
      await there(`zfs snapshot -r ${source}@${snapshot}`);
      for (const below of ['', '/c', '/z']) {
        const from = below !== '' && index === 0 ? '' : `-i @zrep_00000${index}`;
        const sending = `zfs send ${from} ${source}${below}@${snapshot}`;
        await here(`ssh plain '${sending}' | zfs receive -u ${destination}${below}`);
      }
      const mark = `zrep:sent=${Math.floor(Date.now() / 1000)}`;
      await there(`zfs set ${mark} ${source}@${snapshot}`);
      await here(`zfs set ${mark} ${destination}@${snapshot}`);
    }
    await write(pair, 'three');
    return pair;
  };
  const write = async ({ source }: Pair, name: string) => {
    for (const below of ['', '/c', '/z']) await writeData(fileserver, `${source}${below}`, name, 64);
  };
  const there = (script: string) => fileserver.script(script);
  const here = (script: string) => backup.script(script);

  /** What is not on the copy of what a refresh is to bring: the newest snapshot of each file system of the source. */
  const lacking = async ({ source, destination }: Pair): Promise<string[]> => {
    const argv = ['zfs', 'get', '-Hpr', '-t', 'snapshot', '-o', 'name,value', 'guid'];
    const [theirs, ours] = await Promise.all([
      fileserver.run([...argv, source]),
      backup.run([...argv, destination]),
    ]);
    const guids = new Map(ours.stdout.split('\n').map((line) => line.split('\t') as [string, string]));
    const newest = new Map<string, [string, string]>();
    for (const line of theirs.stdout.trim().split('\n')) {
      const [name = '', guid = ''] = line.split('\t');
      newest.set(name.split('@')[0] ?? '', [name, guid]);
    }
    return [...newest.values()].flatMap(([name, guid]) =>
      guids.get(`${destination}${name.slice(source.length)}`) === guid ? [] : [name],
    );
  };
  const arrives = async (t: Test, pair: Pair) => {
    const { stdout } = await verify(pair);
    t.equal(stdout, `${pair.destination}: the next pull would succeed\n`);
    const { code, stderr } = await refresh(pair);
    t.equal(code, 0, 'refreshed', { said: stderr });
    t.same(await lacking(pair), [], 'all of it came');
  };
  /** Somebody at a terminal who says yes. */
  const agree = (line: string) => here(`printf 'yes\\n' | script -qec "${line}" /dev/null`);
  const changed = ({ destination }: Pair) => `
    zfs set readonly=off ${destination}/c; zfs set mountpoint=/mnt/changed ${destination}/c
    zfs mount ${destination}/c 2>/dev/null || true
    date >/mnt/changed/by-hand; zfs umount ${destination}/c; zfs inherit mountpoint ${destination}/c
    zfs inherit readonly ${destination}/c`;

  const FINE: [name: string, breaks: (pair: Pair) => Promise<unknown>][] = [
    ['the base of one has another name there', ({ source }) => there(`zfs rename ${source}/c@zrep_000002 ${source}/c@mine`)],
    ['one is new, with a snapshot of its own', ({ source }) => there(`zfs create ${source}/new; zfs snapshot ${source}/new@mine`)],
    ['one was destroyed there', ({ source }) => there(`zfs destroy -r ${source}/c`)],
    ['one was renamed there', ({ source }) => there(`zfs rename ${source}/c ${source}/r`)],
    ['one was renamed here', ({ destination }) => here(`zfs rename ${destination}/c ${destination}/r`)],
    ['two have each other\'s name', ({ source }) => there(`zfs rename ${source}/c ${source}/x; zfs rename ${source}/z ${source}/c; zfs rename ${source}/x ${source}/z`)],
    ['the copy has one alone', ({ destination }) => here(`zfs create -o canmount=off ${destination}/only; zfs snapshot ${destination}/only@x`)],
    ['one has a snapshot here that changed nothing', ({ destination }) => here(`zfs snapshot ${destination}/c@mine`)],
    ['one was left behind', ({ destination }) => here(`zfs rollback -r ${destination}/z@zrep_000001`)],
    ['the stream was cut off in one', (pair) => cutInChild(pair)],
    ['a snapshot of one has another name here', ({ destination }) => here(`zfs rename ${destination}/c@zrep_000002 ${destination}/c@mine`)],
  ]; // biome-ignore format: one table
  for (const [name, breaks] of FINE)
    needing(['receive -x'], `goes on where ${name}`, async (t) => {
      const pair = await newTree();
      await breaks(pair);
      await arrives(t, pair);
    });

  const MENDED: [name: string, why: RegExp, breaks: (pair: Pair) => Promise<unknown>][] = [
    ['one was destroyed here', /^there is no \S+\/c, /, ({ destination }) => here(`zfs destroy -r ${destination}/c`)],
    ['the base of one was destroyed there', /\/c is in the way: /, ({ source }) => there(`zfs destroy ${source}/c@zrep_000002`)],
    ['the base of one was destroyed here', /\/c has changes of its own since @zrep_000001/, ({ destination }) => here(`zfs destroy ${destination}/c@zrep_000002`)],
    ['one has no common snapshot any more', /\/c does not have the @zrep_\d+ of /, ({ destination }) => here(`zfs destroy ${destination}/c@zrep_000001%zrep_000002`)],
    ['one was made anew there', /\/c is in the way: /, ({ source }) => there(`zfs destroy -r ${source}/c; zfs create ${source}/c`)],
    ['one is new, and its name is taken', /\/new is in the way: /, ({ source, destination }) => Promise.all([there(`zfs create ${source}/new`), here(`zfs create -o canmount=off ${destination}/new`)])],
    ['one was renamed there, and the name is taken', /\/c is the copy of \S+\/r on /, ({ source, destination }) => Promise.all([there(`zfs rename ${source}/c ${source}/r`), here(`zfs create -o canmount=off ${destination}/r`)])],
    ['one was changed here', /\/c has changes of its own since/, (pair) => here(changed(pair))],
    ['one has a newer snapshot here, with changes', /\/c has a snapshot of its own/, (pair) => here(`${changed(pair)}; zfs snapshot ${pair.destination}/c@mine`)],
    ['one has the next snapshot already', /@zrep_000003 on \S+\/c is not the snapshot/, ({ destination }) => here(`zfs snapshot ${destination}/c@zrep_000003`)],
    ['one has an older snapshot of the next name', /\/c has an older snapshot @zrep_000003/, ({ source, destination }) => Promise.all([there(`zfs destroy ${source}/c@zrep_000001`), here(`zfs rename ${destination}/c@zrep_000001 ${destination}/c@zrep_000003`)])],
  ]; // biome-ignore format: one table

  /** A stream past the gate, whole. */
  const carry = async (send: string, receive: string) => {
    const { stdout } = await there(`${send} | base64 -w0`);
    await backup.writeFile('/tmp/stream', stdout);
    await here(`base64 -d /tmp/stream | ${receive}; rm /tmp/stream`);
  };

  /** An interrupted stream into /c. */
  const cutInChild = async ({ source, destination }: Pair) => {
    await writeData(fileserver, `${source}/c`, 'large', 8192);
    await there(
      `zfs snapshot ${source}/c@cut; zfs send -i @zrep_000002 ${source}/c@cut | head -c 4000000 >/tmp/cut`,
    );
    const stream = await fileserver.run(['base64', '-w0', '/tmp/cut']);
    await backup.writeFile('/tmp/cut', stream.stdout);
    await here(`base64 -d /tmp/cut | zfs receive -s ${destination}/c 2>/dev/null || true; rm /tmp/cut`);
    await there(`zfs destroy ${source}/c@cut; rm /tmp/cut`);
  };

  for (const [name, why, breaks] of MENDED)
    needing(['receive -x'], `says what is in the way, and how to mend it, where ${name}`, async (t) => {
      const pair = await newTree();
      await breaks(pair);
      for (let round = 0; round < 3; round += 1) {
        const { code, stdout } = await verify(pair);
        if (code === 0 && round > 0) break;
        const [, sentence = ''] = /: the next pull would FAIL: (.*)\n/.exec(stdout) ?? [];
        if (round === 0) {
          t.match(sentence, why);
          const found = await zrep(`-R doctor --json ${pair.destination}`);
          t.match(found.stdout, '"blocked-below"', 'the doctor finds the same');
          const refreshed = await refresh(pair);
          t.equal(refreshed.code, 1, 'a refresh fails');
          t.ok(refreshed.stderr.includes(sentence), 'in the same words', { said: refreshed.stderr });
        }
        const line = sentence.slice(sentence.lastIndexOf(': ') + 2);
        t.comment(line);
        if (line.startsWith('zrep ')) await agree(line);
        else await (sentence.includes(', on fileserver: ') ? there(line) : here(line));
      }
      await arrives(t, pair);
    });

  needing(['receive -x'], 'a top that came alone is not marked as all of it', async (t) => {
    const pair = await newTree();
    const { source, destination } = pair;
    await there(`zfs snapshot -r ${source}@zrep_000003`);
    await carry(`zfs send -I @zrep_000002 ${source}@zrep_000003`, `zfs receive -u ${destination}`);
    await arrives(t, pair);
    const { stdout } = await fileserver.run([
      'zfs',
      'get',
      '-Hpd1',
      '-o',
      'value',
      'zrep:sent',
      `${source}@zrep_000003`,
    ]);
    t.equal(stdout, '-\n');
  });

  needing(['receive -x'], 'where the gate tells of no tree, that is said', async (t) => {
    const pair = await newTree();
    await gate.policy(grant(false));
    t.match(
      (await verify(pair)).stdout,
      /would FAIL: the gate on fileserver would refuse \(recursive-not-granted\)/,
    );
    await gate.policy(grant(true));
  });

  t.test('where zfs here takes no tree at all, a refresh and the question say so', async (t) => {
    if ((await backup.run(['test', '-d', '/sys/module/zfs'], { allowFail: true })).code === 0) return;
    const pair = await makePair(gate, 'r/plain');
    for (const { code, stdout, stderr } of [await verify(pair), await refresh(pair)])
      t.match(
        { code, said: stdout + stderr },
        { code: 1, said: /a recursive stream carries properties, and the zfs on this host/ },
      );
    t.match(await zrep(`status --verify ${pair.destination}`), { code: 0 }, 'without -R it would');
  });
});
