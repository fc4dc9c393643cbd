/** The original zrep on the fileserver, behind an open login: our zrep pulls from it, and goes on where it would not by itself. */

import t from 'tap';
import { provideBuild } from '../../lab/installation.ts';
import { makePair, type Pair, snapshotsOf, writeData } from '../../lab/pair.ts';
import { type StockZrep, stockZrep } from '../../lab/stock-zrep.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { homePolicy } from '../fixtures/system/home-policy.ts';
import { openLogin } from '../fixtures/system/open-login.ts';
import { cutOffDirectly, tokenOn } from '../fixtures/system/partial.ts';

const STOCK = stockZrep('2.0.2');
if (typeof STOCK === 'string') t.pass('with the original zrep', { skip: STOCK });
else await inGateLab(t, homePolicy('["pull"]'), (gate) => tests(gate, STOCK));

/** Where nobody may do anything but zrep. */
const ZREP_ALONE =
  '#!/bin/sh\ncase $SSH_ORIGINAL_COMMAND in zrep\\ _state*) exit 1;; zrep\\ *) exec /bin/sh -c "$SSH_ORIGINAL_COMMAND";; esac\necho no >&2; exit 1\n';

async function tests(gate: Parameters<Parameters<typeof inGateLab>[2]>[0], stock: StockZrep) {
  const { fileserver, backup, tank, vault } = gate;
  const needing = await testsNeeding(t, fileserver, ['bookmarks', 'resume']);
  await fileserver.writeFile('/usr/local/bin/zrep', stock.text, { mode: 0o755 });
  await provideBuild(backup, { program: 'zrep' });
  await fileserver.run(['zfs', 'create', '-p', `${tank}/home`]);
  await backup.run(['zfs', 'create', '-p', `${vault}/home`]);
  await openLogin(gate, 'plain');
  const zrep = (words: string) => backup.run(['zrep', ...words.split(' ')], { allowFail: true });
  const there = (...argv: string[]) => fileserver.run(argv);
  const epoch = () => Math.floor(Date.now() / 1000);
  let pairs = 0;
  /** Refreshed twice. */
  const newPair = async (): Promise<Pair> => {
    pairs += 1;
    const pair = await makePair(gate, `home/p${pairs}`);
    await backup.run(['zfs', 'set', 'zrep:src-host=plain', pair.destination]);
    for (const file of ['one', 'two']) {
      await writeData(fileserver, pair.source, file, 64);
      await backup.run(['zrep', 'refresh', pair.destination]);
    }
    return pair;
  };

  t.test('it is the original', async (t) => {
    t.match((await backup.run(['ssh', 'plain', 'zrep version'])).stdout, stock.version);
  });

  const BROKEN: [name: string, breaks: (pair: Pair) => Promise<unknown>][] = [
    ['nothing is wrong', async () => {}],
    [
      'all marks there are lost',
      async ({ source }) => {
        for (const name of await snapshotNames(fileserver, source))
          await there('zfs', 'inherit', 'zrep:sent', `${source}@${name}`);
      },
    ],
    [
      'the base has another name there',
      async ({ source }) => {
        await there('zfs', 'rename', `${source}@zrep_000002`, `${source}@keep`);
        // Or the number would be given again.
        await there('zfs', 'snapshot', `${source}@zrep_000003`);
      },
    ],
    [
      'the newest mark there is of a snapshot that never came',
      async ({ source }) => {
        await there('zfs', 'snapshot', `${source}@zrep_000003`);
        await there('zfs', 'set', `zrep:sent=${epoch()}`, `${source}@zrep_000003`);
      },
    ],
  ];
  const goesOn = async (
    t: Parameters<Parameters<typeof needing>[2]>[0],
    { source, destination }: Pair,
  ): Promise<void> => {
    await writeData(fileserver, source, 'more', 64);
    t.match(await zrep(`status --verify ${destination}`), { code: 0, stdout: /would succeed\n$/ });
    const { code, stderr } = await zrep(`refresh ${destination}`);
    t.equal(code, 0, 'done', { said: stderr });
    const newest = async () => [
      (await snapshotsOf(backup, destination)).at(-1),
      (await snapshotsOf(fileserver, source)).at(-1),
    ];
    const [here, theirs] = await newest();
    t.same(here, theirs, 'the newest one, with its mark');
    t.match(await zrep(`refresh ${destination}`), { code: 0, stderr: '' }, 'and the next one as ever');
    const [after, afterThere] = await newest();
    t.same(after, afterThere);
    t.not(after?.guid, here?.guid);
  };
  for (const [name, breaks] of BROKEN)
    t.test(`goes on where ${name}`, async (t) => {
      const pair = await newPair();
      await breaks(pair);
      await goesOn(t, pair);
    });

  needing(['bookmarks'], 'goes on from a bookmark where the base was destroyed there', async (t) => {
    const pair = await newPair();
    await there('zfs', 'bookmark', `${pair.source}@zrep_000002`, `${pair.source}#by-hand`);
    await there('zfs', 'snapshot', `${pair.source}@zrep_000003`);
    for (const one of [0, 1, 2]) await there('zfs', 'destroy', `${pair.source}@zrep_00000${one}`);
    await goesOn(t, pair);
  });

  for (const anew of [false, true])
    needing(
      ['resume'],
      `goes on where the snapshot of an interrupted stream is ${anew ? 'another one' : 'gone'}`,
      async (t) => {
        const pair = await newPair();
        const snapshot = `${pair.source}@zrep_000003`;
        await writeData(fileserver, pair.source, 'much', 4096);
        await there('zfs', 'snapshot', snapshot);
        await cutOffDirectly(gate, ['-I', '@zrep_000002', snapshot], pair.destination);
        t.not(await tokenOn(backup, pair.destination), '-', 'there is a token');
        await there('zfs', 'destroy', snapshot);
        if (anew) await there('zfs', 'snapshot', snapshot);
        await goesOn(t, pair);
      },
    );

  t.test('a login that answers no question is no failure', async (t) => {
    const pair = await newPair();
    await fileserver.writeFile('/root/bin/account', ZREP_ALONE, { mode: 0o755 });
    await writeData(fileserver, pair.source, 'more', 64);
    t.match(await zrep(`refresh ${pair.destination}`), { code: 0 });
    t.same(await snapshotsOf(backup, pair.destination), await snapshotsOf(fileserver, pair.source));
    for (const name of await snapshotNames(fileserver, pair.source))
      await there('zfs', 'inherit', 'zrep:sent', `${pair.source}@${name}`);
    const refused = await zrep(`refresh ${pair.destination}`);
    t.match(
      refused,
      { code: 1, stderr: new RegExp(`zrep doctor ${pair.destination}`) },
      'but where it is needed',
    );
  });
}
