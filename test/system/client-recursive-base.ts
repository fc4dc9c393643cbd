/**
 * `zrep -R`: a tree in which one file system is not as the others. What `zrep status --verify` says is what a refresh then does, and the lines
 * that it names mend the tree.
 */

import t, { type Test } from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, type Pair, writeData } from '../../lab/pair.ts';
import type { Finding } from '../../src/client/doctor/finding.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { once } from '../fixtures/system/once.ts';
import { propertyOf } from '../fixtures/system/partial.ts';
import { letInShared } from '../fixtures/system/push-lab.ts';
import { makeTrees, type Tree } from '../fixtures/system/trees.ts';

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

interface Fine {
  readonly name: string;
  readonly children: readonly string[];
  breaks(tree: Tree): Promise<unknown>;
  after?(t: Test, tree: Tree): Promise<unknown>;
}

await inGateLab(t, grant(true), async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  for (const host of [fileserver, backup]) await provideBuild(host, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', '-p', `${tank}/r`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/r`]);
  await gate.shareWithZrep();
  await letInShared(fileserver, backup);
  const needing = await testsNeeding(t, backup, ['receive -x']);
  const zrep = (words: string) => backup.run(['zrep', ...words.split(' ')], { allowFail: true });
  const named = (pairs: readonly Pair[]) => pairs.map(({ destination }) => destination).join(' ');
  const verify = (...pairs: Pair[]) => zrep(`-R status --verify ${named(pairs)}`);
  const refresh = (...pairs: Pair[]) => zrep(`-R refresh ${named(pairs)}`);
  const there = (script: string) => fileserver.script(script);
  const here = (script: string) => backup.script(script);

  /** What is not on the copy of what a refresh is to bring, by its source: the newest snapshot of each file system. */
  const lackingOf = async (pairs: readonly Pair[]): Promise<Map<Pair, string[]>> => {
    const argv = ['zfs', 'get', '-Hpr', '-t', 'snapshot', '-o', 'name,value', 'guid'];
    const [theirs, ours] = await Promise.all([
      fileserver.run([...argv, `${tank}/r`]),
      backup.run([...argv, `${vault}/r`]),
    ]);
    const rows = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => line.split('\t') as [string, string]);
    const guids = new Map(rows(ours.stdout));
    const newest = new Map(rows(theirs.stdout).map(([name, guid]) => [name.split('@')[0], { name, guid }]));
    return new Map(
      pairs.map((pair) => [
        pair,
        [...newest.values()].flatMap(({ name, guid }) => {
          if (!/^[/@]/.test(name.slice(pair.source.length)) || !name.startsWith(pair.source)) return [];
          return guids.get(`${pair.destination}${name.slice(pair.source.length)}`) === guid ? [] : [name];
        }),
      ]),
    );
  };
  /** Asks about all of them, refreshes all but those that a refresh has just brought, and returns what is to be looked at for each. */
  const bring = async (pairs: readonly Pair[], whole: ReadonlySet<Pair> = new Set()) => {
    const verified = await verify(...pairs);
    const refreshed = await refresh(...pairs.filter((pair) => !whole.has(pair)));
    const lacking = await lackingOf(pairs);
    return (t: Test, pair: Pair) => {
      t.match(verified.stdout, new RegExp(`^${pair.destination}: the next pull would succeed$`, 'm'));
      t.equal(refreshed.code, 0, 'refreshed, as are the others', { said: refreshed.stderr });
      t.same(lacking.get(pair), [], 'all of it came');
    };
  };
  /** Somebody at a terminal who says yes. */
  const agree = (line: string) => here(`printf 'yes\\n' | script -qec "${line}" /dev/null`);
  const changed = ({ destination }: Pair) => `
    zfs set readonly=off ${destination}/c; zfs set mountpoint=/mnt/changed ${destination}/c
    zfs mount ${destination}/c 2>/dev/null || true
    date >/mnt/changed/by-hand; zfs umount ${destination}/c; zfs inherit mountpoint ${destination}/c
    zfs inherit readonly ${destination}/c`;

  const cameAlone = ({ source, destination }: Pair) =>
    there(`zfs snapshot -r ${source}@zrep_000003
      zfs send -I @zrep_000002 ${source}@zrep_000003 | zfs receive -u ${destination}`);
  const isNotMarked = async (t: Test, { source }: Pair) =>
    t.equal(await propertyOf(fileserver, 'zrep:sent', `${source}@zrep_000003`), '-');

  /** Each goes on by itself, from the base that all have: one tree has room for all of them. */
  const various = ({ source, destination }: Pair) =>
    Promise.all([
      there(`zfs create ${source}/new; zfs snapshot ${source}/new@mine
        zfs destroy -r ${source}/gone
        zfs rename ${source}/there ${source}/renamed-there
        zfs rename ${source}/left ${source}/x; zfs rename ${source}/right ${source}/left; zfs rename ${source}/x ${source}/right`),
      here(`zfs rename ${destination}/here ${destination}/renamed-here
        zfs create -o canmount=off ${destination}/only; zfs snapshot ${destination}/only@x
        zfs snapshot ${destination}/empty@mine`),
    ]);
  const FINE: readonly Fine[] = [
    {
      name: `one is new, with a snapshot of its own; one was destroyed there; one was renamed there and one here; two have each
        other's name; the copy has one alone; and one has a snapshot here that changed nothing`.replace(
        /\s+/g,
        ' ',
      ),
      children: ['gone', 'there', 'here', 'left', 'right', 'empty'],
      breaks: various,
    },
    {
      name: 'the base of one has another name there',
      children: ['c'],
      breaks: ({ source }) => there(`zfs rename ${source}/c@zrep_000002 ${source}/c@mine`),
    },
    {
      name: 'one was left behind',
      children: ['c', 'z'],
      breaks: ({ destination }) => here(`zfs rollback -r ${destination}/z@zrep_000001`),
    },
    { name: 'the stream was cut off in one', children: ['c'], breaks: (tree) => cutInChild(tree) },
    {
      name: 'a snapshot of one has another name here',
      children: ['c'],
      breaks: ({ destination }) => here(`zfs rename ${destination}/c@zrep_000002 ${destination}/c@mine`),
    },
    {
      name: 'the top came alone, which is not marked as all of it',
      children: ['c'],
      breaks: cameAlone,
      after: isNotMarked,
    },
  ];
  const fine = once(async () => {
    const trees = await makeTrees(
      gate,
      'fine',
      FINE.map(({ children }) => children),
    );
    for (const [index, tree] of trees.entries()) await FINE[index]?.breaks(tree);
    return { trees, arrives: await bring(trees) };
  });
  for (const [index, { name, after }] of FINE.entries())
    needing(['receive -x'], `goes on where ${name}`, async (t) => {
      const { trees, arrives } = await fine();
      const tree = trees[index] as Tree;
      arrives(t, tree);
      await after?.(t, tree);
    });

  /** With a second one below that is as ever, where the whole tree could else be sent from an older base. */
  const MENDED: [name: string, why: RegExp, breaks: (pair: Pair) => Promise<unknown>, second?: 'z'][] = [
    ['one was destroyed here', /^there is no \S+\/c, /, ({ destination }) => here(`zfs destroy -r ${destination}/c`), 'z'],
    ['the base of one was destroyed there', /\/c is in the way: /, ({ source }) => there(`zfs destroy ${source}/c@zrep_000002`)],
    ['the base of one was destroyed here', /\/c has changes since @zrep_000001/, ({ destination }) => here(`zfs destroy ${destination}/c@zrep_000002`)],
    ['one has no common snapshot any more', /\/c does not have the @zrep_\d+ of /, ({ destination }) => here(`zfs destroy ${destination}/c@zrep_000001%zrep_000002`), 'z'],
    ['one was made anew there', /\/c is in the way: /, ({ source }) => there(`zfs destroy -r ${source}/c; zfs create ${source}/c`)],
    ['one is new, and its name is taken', /\/new is in the way: /, ({ source, destination }) => Promise.all([there(`zfs create ${source}/new`), here(`zfs create -o canmount=off ${destination}/new`)])],
    ['one was renamed there, and the name is taken', /\/c is the copy of \S+\/r on /, ({ source, destination }) => Promise.all([there(`zfs rename ${source}/c ${source}/r`), here(`zfs create -o canmount=off ${destination}/r`)])],
    ['one was changed here', /\/c has changes since/, (pair) => here(changed(pair))],
    ['one has a newer snapshot here, with changes', /\/c has a snapshot of its own/, (pair) => here(`${changed(pair)}; zfs snapshot ${pair.destination}/c@mine`)],
    ['one has the next snapshot already', /@zrep_000003 on \S+\/c is not the snapshot/, ({ destination }) => here(`zfs snapshot ${destination}/c@zrep_000003`)],
    ['one has an older snapshot of the next name', /\/c has an older snapshot @zrep_000003/, ({ source, destination }) => Promise.all([there(`zfs destroy ${source}/c@zrep_000001`), here(`zfs rename ${destination}/c@zrep_000001 ${destination}/c@zrep_000003`)])],
  ]; // biome-ignore format: one table

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

  /** What was said of each, in the first round and, of what has several things in the way, in up to three; and each line is run. */
  const mended = once(async () => {
    const pairs = await makeTrees(
      gate,
      'mended',
      MENDED.map(([, , , second]) => (second === undefined ? ['c'] : ['c', second])),
    );
    for (const [index, pair] of pairs.entries()) await MENDED[index]?.[2](pair);
    const sentences = async (asked: readonly Pair[]) => {
      const { stdout } = await verify(...asked);
      return new Map(
        asked.flatMap((pair) => {
          const said = new RegExp(`^${pair.destination}: the next pull would FAIL: (.*)$`, 'm').exec(stdout);
          return said === null ? [] : [[pair, said[1] ?? ''] as const];
        }),
      );
    };
    const forced = new Set<Pair>();
    const run = async (pair: Pair, sentence: string) => {
      const line = sentence.slice(sentence.lastIndexOf(': ') + 2);
      t.comment(line);
      if (line.startsWith('zrep -R refresh -f ')) {
        await agree(line);
        forced.add(pair);
      } else await (sentence.includes(', on fileserver: ') ? there(line) : here(line));
    };
    const first = await sentences(pairs);
    const found = await zrep(`-R doctor --json ${named(pairs)}`);
    const sources = pairs.map(({ source }) => source);
    const onSource = await fileserver.run(['zrep', '-R', 'doctor', '--json', ...sources], {
      allowFail: true,
    });
    const refused = await refresh(...pairs);
    const status = await zrep(`status ${named(pairs)}`);
    for (let left = first, round = 1; left.size > 0 && round <= 3; round += 1) {
      for (const [pair, sentence] of left) await run(pair, sentence);
      left = round < 3 ? await sentences([...left.keys()]) : new Map();
    }
    return { pairs, first, found, onSource, refused, status, arrives: await bring(pairs, forced) };
  });
  for (const [index, [name, why]] of MENDED.entries())
    needing(['receive -x'], `says what is in the way, and how to mend it, where ${name}`, async (t) => {
      const { pairs, first, found, onSource, refused, status, arrives } = await mended();
      const pair = pairs[index] as Pair;
      const sentence = first.get(pair) ?? 'nothing';
      t.match(sentence, why);
      const about = (said: string, dataset: string) =>
        (JSON.parse(said) as { findings: Finding[] }).findings.filter(({ where }) => where === dataset);
      const own = about(found.stdout, pair.destination);
      t.same(
        own.map(({ code }) => code),
        ['blocked-below'],
        'the doctor finds the same',
        { said: found.stdout },
      );
      const theirs = about(onSource.stdout, pair.source);
      t.same(
        theirs.map(({ code, what, mend }) => [code, what, mend.lines]),
        own.map(({ code, what, mend }) => [code, what, mend.lines]),
        "and so does the doctor on the source's host",
        { said: onSource.stdout },
      );
      t.equal(refused.code, 1, 'a refresh fails');
      t.ok(refused.stderr.includes(sentence), 'in the same words', { said: refused.stderr });
      const warnings = status.stderr
        .split('\n')
        .filter((line) => line.startsWith(`WARNING: ${pair.destination} `));
      t.ok(warnings[0]?.endsWith(sentence), 'status says why it failed', { said: status.stderr });
      arrives(t, pair);
    });

  needing(['receive -x'], 'where the gate tells of no tree, that is said', async (t) => {
    const [pair] = (await fine()).trees as [Tree];
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
