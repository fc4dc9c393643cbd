/** Who may take a set-up back or redirect it: its own client alone, and only while nothing of it can be anywhere. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import fc from 'fast-check';
import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Init, Pull, Refreshcomplete, Uninit } from '../../src/command/request.ts';
import { datasetLimits } from '../../src/policy/limits.ts';
import type { Reach } from '../../src/policy/reach.ts';
import { isRefusal } from '../../src/refusal.ts';
import { init } from '../../src/replication/init.ts';
import { initpull } from '../../src/replication/initpull.ts';
import { refreshcomplete } from '../../src/replication/refreshcomplete.ts';
import { judgeUninit, mayRedirect } from '../../src/replication/set-up.ts';
import { fullName, taggedSnapshots } from '../../src/replication/snapshots.ts';
import type { Step } from '../../src/replication/step.ts';
import { uninit } from '../../src/replication/uninit.ts';
import type { Dataset, HostName, Tag } from '../../src/zfs/names.ts';
import { type Listing, localValue } from '../../src/zfs/state.ts';
import { listingOf } from '../fixtures/replication/listing.ts';
import { type PretendOptions, type PretendZfs, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const rundir = mkdtempSync(`${tmpdir()}/set-up-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const HOME = 'tank/home';
const FIRST = `${HOME}@zrep_000000`;
const limits = datasetLimits({}, {});
const TREE: Reach = { spared: [] };

function bare(options: PretendOptions = {}): PretendZfs {
  const zfs = pretendZfs(options);
  zfs.objects.set(HOME, new Map());
  return zfs;
}

function operationOf<Operation>(command: string): Operation {
  const pipeline = parse(command);
  if (isRefusal(pipeline)) throw new Error(pipeline.reason);
  return pipeline.operation as Operation;
}

const begin = (zfs: PretendZfs, { client = 'backup1', copy = 'vault/home', word = 'zrep' } = {}) =>
  init(
    zfs.step(rundir, client),
    operationOf<Init>(`${word} _init ${HOME} backup ${copy} 7`),
    limits,
    word.includes('-R') ? TREE : 'alone',
  );
const takeBack = (
  zfs: PretendZfs,
  { client = 'backup1', copy = 'vault/home', word = 'zrep', step = zfs.step(rundir, client) as Step } = {},
) =>
  uninit(
    step,
    operationOf<Uninit>(`${word} _uninit ${HOME} backup ${copy}`),
    word.includes('-R') ? TREE : 'alone',
  );
const pull = (zfs: PretendZfs, client = 'backup1') =>
  initpull(zfs.step(rundir, client), operationOf<Pull>(`zrep _initpull ${FIRST}`), [], [], limits, undefined);

/** The zrep properties and snapshots of the file system. */
const left = ({ objects, snapshots }: PretendZfs) => [
  ...[...(objects.get(HOME)?.keys() ?? [])].filter((name) => name.startsWith('zrep:')),
  ...snapshots(),
];

t.test('what init did is taken back: the properties, and the snapshot that it made', async (t) => {
  for (const can of [[], ['batches']] as const) {
    const zfs = bare({ can });
    zfs.snapshot(`${HOME}@daily`);
    zfs.set(HOME, 'com.sun:auto-snapshot', 'true');
    await begin(zfs);
    const facts = { destroyed: 1, destination: 'backup:vault/home' };
    t.strictSame(await takeBack(zfs), { facts });
    t.strictSame(left(zfs), ['daily'], 'and nothing else');
    t.ok(zfs.objects.get(HOME)?.has('com.sun:auto-snapshot'));
    t.match(await takeBack(zfs), { refused: 'not-set-up' }, 'which is then told');
    t.match(await begin(zfs, { client: 'backup2', copy: 'vault/other' }), { print: FIRST });
  }
});

t.test('a snapshot that was there before stays, also one of the tag', async (t) => {
  const zfs = bare();
  zfs.snapshot(FIRST);
  await begin(zfs);
  t.match(await takeBack(zfs), { facts: { destroyed: 0 } });
  t.strictSame(left(zfs), ['zrep_000000']);
});

t.test('one made later under the tag, not by init, stays', async (t) => {
  const zfs = bare();
  await begin(zfs);
  zfs.snapshot(`${HOME}@zrep_000001`);
  t.match(await takeBack(zfs), { facts: { destroyed: 1 } });
  t.strictSame(left(zfs), ['zrep_000001']);
});

t.test('interrupted behind any call of zfs, the same command takes all of it back', async (t) => {
  for (const can of [[], ['batches']] as const) {
    const whole = bare({ can });
    await begin(whole);
    const before = whole.asked.length;
    await takeBack(whole);
    for (let calls = 0; calls <= whole.asked.length - before; calls += 1) {
      const zfs = bare({ can });
      await begin(zfs);
      const most = zfs.asked.length + calls;
      const step = zfs.step(rundir);
      const ask: Step['zfs']['ask'] = (argv) =>
        zfs.asked.length < most ? step.zfs.ask(argv) : Promise.reject(new Error('cut'));
      await takeBack(zfs, { step: { ...step, zfs: { ...step.zfs, ask } } }).catch(() => {});
      // Its process is dead, so that its lock counts no more.
      for (const name of ['zrep:lock-pid', 'zrep:lock-time']) zfs.objects.get(HOME)?.delete(name);
      await takeBack(zfs);
      t.strictSame(left(zfs), [], `${calls} calls`);
    }
  }
});

t.test('nobody else takes it back, nor gives it another destination', async (t) => {
  const zfs = bare();
  await begin(zfs);
  const before = left(zfs);
  t.match(await takeBack(zfs, { client: 'backup2' }), {
    refused: 'set-up-by-other',
    reason: /on the fileserver: zrep clear tank\/home$/,
  });
  t.match(await begin(zfs, { client: 'backup2', copy: 'vault/other' }), { refused: 'configured-otherwise' });
  t.match(await begin(zfs, { client: 'backup2' }), { print: FIRST }, 'it can complete the very same');
  t.match(
    await takeBack(zfs, { client: 'backup2' }),
    { refused: 'set-up-by-other' },
    'and has not got it by that',
  );
  t.strictSame(left(zfs), before);
  t.match(await takeBack(zfs), { facts: { destroyed: 1 } });
});

t.test('of what another client has half done nothing is taken over', async (t) => {
  const zfs = bare();
  zfs.set(HOME, 'zrep:init-by', 'backup1');
  t.match(await begin(zfs, { client: 'backup2' }), { refused: 'set-up-by-other' });
  t.match(await begin(zfs), { print: FIRST });
});

t.test("a pair that was set up past the gate is nobody's to take back", async (t) => {
  const zfs = pretendZfs();
  zfs.objects.get(HOME)?.set('zrep:dest-host', { value: 'backup', source: 'local' });
  zfs.objects.get(HOME)?.set('zrep:dest-fs', { value: 'vault/home', source: 'local' });
  t.match(await takeBack(zfs), { refused: 'set-up-by-other' });
  t.match(await begin(zfs), { print: FIRST });
  t.match(await takeBack(zfs), { refused: 'set-up-by-other' }, 'nor after its client has said init');
});

t.test('a name that is inherited or came with a stream counts for nothing', async (t) => {
  for (const source of ['inherited from tank', 'received']) {
    const zfs = bare();
    await begin(zfs);
    zfs.set(HOME, 'zrep:init-by', 'backup1', source);
    t.match(await takeBack(zfs), { refused: 'set-up-by-other' }, source);
    zfs.set(HOME, 'zrep:init-by', 'backup1');
    zfs.set(FIRST, 'zrep:init-by', 'backup1', source);
    t.match(await takeBack(zfs), { facts: { destroyed: 0 } }, `${source}, of the snapshot`);
  }
});

t.test('its own client gives it another destination, with the same snapshot', async (t) => {
  const zfs = bare();
  await begin(zfs);
  t.match(await begin(zfs, { copy: 'vault/other' }), { print: FIRST });
  t.equal(zfs.objects.get(HOME)?.get('zrep:dest-fs')?.value, 'vault/other');
  t.match(await takeBack(zfs), { refused: 'configured-otherwise' }, 'an old undo takes nothing back');
  t.match(await takeBack(zfs, { copy: 'vault/other' }), { facts: { destroyed: 1 } });
});

t.test("but not when it is somebody else's source", async (t) => {
  const zfs = bare();
  await begin(zfs);
  zfs.set(HOME, 'zrep:src-fs', 'tank/old');
  t.match(await begin(zfs, { copy: 'vault/other' }), { refused: 'configured-otherwise' });
});

t.test(
  'once a stream has ended well, nothing is taken back or redirected, by an undo that was sent before either',
  async (t) => {
    const zfs = bare();
    await begin(zfs);
    await pull(zfs);
    t.notOk(zfs.objects.get(HOME)?.has('zrep:init-by'), 'nobody set it up any more');
    const before = left(zfs);
    t.match(await takeBack(zfs), { refused: 'already-streamed' });
    t.match(await begin(zfs, { copy: 'vault/other' }), { refused: 'configured-otherwise' });
    await refreshcomplete(
      zfs.step(rundir),
      operationOf<Refreshcomplete>(`zrep _refreshcomplete ${FIRST} zrep:sent=1700000001`),
    );
    t.match(await takeBack(zfs), { refused: 'already-initialized' });
    t.strictSame(left(zfs), before);
    // Root destroys all that a copy was made of: that does not make it a set-up again.
    zfs.objects.delete(FIRST);
    t.match(await takeBack(zfs), { refused: 'set-up-by-other' });
    t.match(await begin(zfs, { copy: 'vault/other' }), { refused: 'configured-otherwise' });
  },
);

t.test('what is held stays, and with it the whole set-up', async (t) => {
  const zfs = bare();
  await begin(zfs);
  zfs.set(FIRST, 'userrefs', '1', '-');
  const before = left(zfs);
  t.match(await takeBack(zfs), { refused: 'snapshot-held', reason: /zfs holds tank\/home@zrep_000000$/ });
  t.strictSame(left(zfs), before);
});

t.test('with -R those of the children go along, but for a child that is a pair of its own', async (t) => {
  const zfs = bare();
  for (const child of ['a', 'own']) zfs.objects.set(`${HOME}/${child}`, new Map());
  await begin(zfs, { word: 'zrep -R' });
  zfs.set(`${HOME}/own`, 'zrep:src-fs', `${HOME}/own`);
  zfs.snapshot(`${HOME}/a@zrep_000009`);
  // Of a set-up of long ago, which came across with the stream of its parent.
  zfs.snapshot(`${HOME}/a@zrep_00000a`);
  zfs.set(`${HOME}/a@zrep_00000a`, 'zrep:init-by', 'backup1');
  t.match(await takeBack(zfs, { word: 'zrep -R' }), { facts: { destroyed: 2 } });
  t.strictSame(zfs.snapshots(`${HOME}/a`), ['zrep_000009', 'zrep_00000a']);
  t.strictSame(zfs.snapshots(`${HOME}/own`), ['zrep_000000']);
});

t.test('without -R what init -R made is not taken back by half, and the reason says -R', async (t) => {
  const zfs = bare();
  zfs.objects.set(`${HOME}/a`, new Map());
  await begin(zfs, { word: 'zrep -R' });
  const before = left(zfs);
  t.match(await takeBack(zfs), {
    refused: 'set-up-recursive',
    reason: /^the snapshots of this set-up .* with -R$/,
  });
  t.strictSame(left(zfs), before);
  t.match(await takeBack(zfs, { word: 'zrep -R' }), { facts: { destroyed: 2 } });
  t.strictSame(zfs.snapshots(`${HOME}/a`), []);
  t.match(await begin(zfs, { word: 'zrep -R' }), { print: FIRST }, 'and can be begun once more');
});

t.test("without -R a child's own pair, and what others made below, keep nothing", async (t) => {
  const zfs = bare();
  for (const child of ['a', 'own']) zfs.objects.set(`${HOME}/${child}`, new Map());
  await begin(zfs, { word: 'zrep -R' });
  zfs.set(`${HOME}/own`, 'zrep:src-fs', `${HOME}/own`);
  zfs.set(`${HOME}/a@zrep_000000`, 'zrep:init-by', 'backup2');
  t.match(await takeBack(zfs), { facts: { destroyed: 1 } });
  t.strictSame(zfs.snapshots(`${HOME}/a`), ['zrep_000000']);
});

const client = fc.constantFrom('backup1', 'backup2');
const source = fc.constantFrom('', '<received', '<inherited from tank');
const some = (values: fc.Arbitrary<string>) => fc.option(values, { nil: '' });
const mark = (name: string, values: fc.Arbitrary<string>) =>
  some(fc.tuple(values, source).map(([value, from]) => `${name}=${value}${from}`.replaceAll(' ', '_')));
const aSnapshot = fc
  .tuple(
    fc.constantFrom('@zrep_000000', '@zrep_000001', '@off_000000', '@daily', '/a@zrep_000000'),
    fc.nat(2),
    fc.nat(1),
    mark('zrep:init-by', client),
    mark('zrep:sent', fc.constant('17')),
    mark('zrep-gate:streamed', fc.constant('backup2@17')),
  )
  .map(
    ([name, holds, txg, ...marks]) =>
      `${HOME}${name} guid=1<- createtxg=${txg}<- userrefs=${holds}<- ${marks.join(' ')}`,
  );
const anyListing = fc
  .tuple(
    mark('zrep:init-by', client),
    mark('zrep:dest-fs', fc.constantFrom('vault/home', 'vault/other')),
    mark('zrep:master', fc.constant('yes')),
    fc.uniqueArray(aSnapshot, { maxLength: 4, selector: (line) => line.split(' ')[0] }),
  )
  .map(([by, copy, master, snapshots]) =>
    listingOf(
      [`${HOME} type=filesystem<- ${by} ${copy} ${master}`, `${HOME}/a type=filesystem<-`, ...snapshots].join(
        '\n',
      ),
    ),
  );
const ends = {
  dataset: HOME as Dataset,
  tag: 'zrep' as Tag,
  destHost: 'backup' as HostName,
  destFs: 'vault/home' as Dataset,
};

t.test(
  'whatever there is, only what its own client made goes, and nothing that can be anywhere',
  async () => {
    let allowed = 0;
    const isMade = (listing: Listing, name: string, who: string) =>
      localValue(listing.get(name), 'zrep:init-by') === who;
    fc.assert(
      fc.property(anyListing, client, fc.boolean(), (listing, who, recursive) => {
        const verdict = judgeUninit(listing, ends, who, recursive ? TREE : 'alone');
        const own = taggedSnapshots(listing, HOME, ends.tag);
        const begun = own.some((one) => one.sent !== undefined || one.streamed !== undefined);
        const made = isMade(listing, HOME, who);
        if (mayRedirect(listing, HOME, ends.tag, who) && (!made || begun)) return false;
        if (isRefusal(verdict)) return true;
        allowed += 1;
        const copy = localValue(listing.get(HOME), 'zrep:dest-fs') ?? ends.destFs;
        return (
          made &&
          !begun &&
          copy === ends.destFs &&
          verdict.every(
            (one) =>
              isMade(listing, fullName(one), who) &&
              one.holds === 0 &&
              one.sent === undefined &&
              one.streamed === undefined &&
              (one.dataset === HOME ||
                (recursive &&
                  verdict.some(
                    (own) => own.dataset === HOME && own.name === one.name && own.createtxg === one.createtxg,
                  ))) &&
              one.name.startsWith('zrep_'),
          )
        );
      }),
      { numRuns: 20_000 },
    );
    t.ok(allowed > 500, `${allowed} were allowed`);
  },
);

t.test(
  'in whatever order clients act, a snapshot of which a stream ended well is never taken back',
  async () => {
    const act = fc.tuple(
      client,
      fc.constantFrom('begin', 'redirect', 'pull', 'take back', 'take back the redirected', 'complete'),
    );
    const run = async (zfs: PretendZfs, [who, what]: [string, string]) => {
      const copy = what.includes('redirect') ? 'vault/other' : 'vault/home';
      if (what === 'pull') return pull(zfs, who);
      if (what === 'complete')
        return refreshcomplete(
          zfs.step(rundir, who),
          operationOf<Refreshcomplete>(`zrep _refreshcomplete ${FIRST} zrep:sent=1700000001`),
        );
      return what.startsWith('take')
        ? takeBack(zfs, { client: who, copy })
        : begin(zfs, { client: who, copy });
    };
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 10 }), async (acts) => {
        const zfs = bare();
        let [maker, streamed]: [string | undefined, boolean] = [undefined, false];
        for (const one of acts) {
          const [who, what] = one;
          const there = zfs.objects.has(FIRST);
          const answer = await run(zfs, one).catch(() => ({ refused: 'failed' }));
          const done = !isRefusal(answer);
          if (done && what === 'pull') streamed = true;
          if (done && what === 'begin' && !there) maker = who;
          if (done && what === 'redirect' && !there) maker = who;
          if (there && !zfs.objects.has(FIRST) && (streamed || who !== maker || !what.startsWith('take')))
            return false;
        }
        return true;
      }),
      { numRuns: 300 },
    );
  },
);
