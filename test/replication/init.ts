/** How a pair begins: what a file system is given, what forbids it, and the full stream that the pair begins with. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Init, Pull, Refreshcomplete } from '../../src/command/request.ts';
import { datasetLimits } from '../../src/policy/limits.ts';
import { isRefusal, type Refusal, refuse } from '../../src/refusal.ts';
import { init } from '../../src/replication/init.ts';
import { initpull } from '../../src/replication/initpull.ts';
import { refreshcomplete } from '../../src/replication/refreshcomplete.ts';
import type { Step } from '../../src/replication/step.ts';
import { parseZrepSnapshot, type ZrepSnapshot } from '../../src/zfs/names.ts';
import { formatResumeToken } from '../../src/zfs/resume-token.ts';
import { type PretendOptions, type PretendZfs, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const rundir = mkdtempSync(`${tmpdir()}/init-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

const HOME = 'tank/home';
const FIRST = `${HOME}@zrep_000000`;
const INIT = `zrep _init ${HOME} backup vault/home 7`;
const limits = datasetLimits({}, {});
const PAIR = {
  'zrep:src-fs': HOME,
  'zrep:src-host': 'fileserver',
  'zrep:dest-fs': 'vault/home',
  'zrep:dest-host': 'backup',
  'zrep:savecount': '7',
  'zrep:master': 'yes',
};

/** From before its first property until its first stream ended well. */
const BEGUN = { ...PAIR, 'zrep:init-by': 'backup1' };

/** A file system that zrep knows nothing of. */
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

const begin = (zfs: PretendZfs, command = INIT, most = limits, step: Step = zfs.step(rundir)) =>
  init(step, operationOf<Init>(command), most);
const pull = (zfs: PretendZfs, words: string, barred?: Refusal) =>
  initpull(zfs.step(rundir), operationOf<Pull>(`zrep _initpull ${words}`), ['L'], [], limits, barred);
const complete = (zfs: PretendZfs) =>
  refreshcomplete(
    zfs.step(rundir),
    operationOf<Refreshcomplete>(`zrep _refreshcomplete ${FIRST} zrep:sent=1700000001`),
  );

/** The file system's own zrep properties. */
const pairOn = ({ objects }: PretendZfs) =>
  Object.fromEntries([...(objects.get(HOME) ?? [])].map(([name, { value }]) => [name, value]));

/** What was asked that changes something, but for the lock. */
const changes = ({ asked }: PretendZfs) =>
  asked.filter((line) => /^(?:set|snapshot|stream|inherit)/.test(line) && !line.includes(':lock-'));

function tokenFor({ objects }: PretendZfs, snapshot: string, fromguid?: bigint): string {
  const toguid = BigInt(objects.get(snapshot)?.get('guid')?.value ?? 0);
  const numbers = { object: 1n, offset: 2n, bytes: 3n, toguid, fromguid };
  return formatResumeToken({
    ...numbers,
    snapshot: parseZrepSnapshot(snapshot) as ZrepSnapshot,
    features: [],
  });
}

t.test('what zrep knew nothing of becomes the source of the pair, and has a first snapshot', async (t) => {
  const zfs = bare();
  const facts = { snapshot: FIRST, destination: 'backup:vault/home' };
  t.strictSame(await begin(zfs), { print: FIRST, facts });
  t.strictSame(pairOn(zfs), BEGUN, 'and nothing is left of the lock');
  t.equal(changes(zfs).length, 2, 'in one zfs set, and a snapshot');
  t.equal(changes(zfs)[1], `snapshot -o zrep:init-by=backup1 ${FIRST}`);

  const least = bare({ can: [] });
  t.strictSame(await begin(least), { print: FIRST, facts });
  t.strictSame(pairOn(least), BEGUN);
  t.same(changes(least).slice(-2), [
    `set zrep:master=yes ${HOME}`,
    `snapshot -o zrep:init-by=backup1 ${FIRST}`,
  ]);
});

t.test('with -R the children have the snapshot, too', async (t) => {
  const zfs = bare();
  await begin(zfs, INIT.replace('zrep', 'zrep -R'));
  t.equal(changes(zfs).at(-1), `snapshot -r -o zrep:init-by=backup1 ${FIRST}`);
});

t.test('another tag has a pair of its own', async (t) => {
  const zfs = pretendZfs();
  zfs.snapshot(FIRST);
  zfs.set(FIRST, 'zrep:sent', '1');
  t.match(await begin(zfs, INIT.replace('zrep', 'zrep -t off')), { print: `${HOME}@off_000000` });
  t.match(pairOn(zfs), { 'off:master': 'yes', 'off:savecount': '7', 'zrep:savecount': '1' });
});

t.test('cut off behind any call of zfs, the same command goes on and prints the same snapshot', async (t) => {
  for (const can of [[], ['batches']] as const) {
    const whole = bare({ can });
    await begin(whole);
    for (let calls = 0; calls <= whole.asked.length; calls += 1) {
      const zfs = bare({ can });
      const step = zfs.step(rundir);
      const ask: Step['zfs']['ask'] = (argv) =>
        zfs.asked.length < calls ? step.zfs.ask(argv) : Promise.reject(new Error('cut'));
      await begin(zfs, INIT, limits, { ...step, zfs: { ...step.zfs, ask } }).catch(() => {});
      // Its process is dead, so that its lock counts no more.
      for (const name of ['zrep:lock-pid', 'zrep:lock-time']) zfs.objects.get(HOME)?.delete(name);
      for (const again of [1, 2]) t.match(await begin(zfs), { print: FIRST }, `${calls} calls, ${again}`);
      t.strictSame(pairOn(zfs), BEGUN);
      t.strictSame(zfs.snapshots(), ['zrep_000000']);
      t.equal(changes(zfs).filter((line) => line.startsWith('snapshot')).length, 1, 'and is made once');
    }
  }
});

t.test(
  'the newest snapshot is printed, and a changed save count is taken, while nothing is sent',
  async (t) => {
    const zfs = bare();
    await begin(zfs);
    zfs.snapshot(`${HOME}@zrep_000001`);
    zfs.snapshot(`${HOME}@other_000002`);
    const again = await begin(zfs, INIT.replace(/7$/, '9'));
    t.match(again, { print: `${HOME}@zrep_000001` });
    t.match(pairOn(zfs), { 'zrep:savecount': '9' });
  },
);

/** What is on the file system before, as [property, value, source], and the refusal's code. */
const FORBIDDEN: [string, [string, string, string?][], string][] = [
  ['another host as destination', [['zrep:dest-host', 'backup2']], 'configured-otherwise'],
  ['another destination', [['zrep:dest-host', 'backup'], ['zrep:dest-fs', 'vault/other']], 'configured-otherwise'],
  ['the backup of a host', [['zrep:src-host', 'elsewhere', 'received']], 'not-master'],
  ['the backup of a host, set by hand', [['zrep:src-host', 'elsewhere']], 'not-master'],
  ['below the backup of a host', [['zrep:src-host', 'elsewhere', 'inherited from tank']], 'not-master'],
  ['the backup of another file system here', [['zrep:src-fs', 'tank/x', 'received']], 'configured-otherwise'],
  ['renamed', [['zrep:src-fs', 'tank/old']], 'configured-otherwise'],
  ['its own parent, by its own word', [['zrep:src-fs', 'tank']], 'configured-otherwise'],
  ['below the backup of another here', [['zrep:src-fs', 'tank/x', 'inherited from tank']], 'not-marked-master'],
  ['below the backup of one like it', [['zrep:src-fs', 'tank/ho', 'inherited from tank']], 'not-marked-master'],
]; // biome-ignore format: one table

t.test('what belongs to another pair is left as it is', async (t) => {
  for (const [what, before, code] of FORBIDDEN) {
    const zfs = bare();
    for (const one of before) zfs.set(HOME, ...one);
    t.match(await begin(zfs), { refused: code }, what);
    t.strictSame(changes(zfs), [], what);
  }
});

t.test('the refusal names the property and what mends it, and its value to the log alone', async (t) => {
  const zfs = bare();
  zfs.set(HOME, 'zrep:dest-fs', 'vault/secret');
  const refusal = (await begin(zfs)) as { reason: string; detail: string };
  t.match(
    refusal.reason,
    /^tank\/home belongs to another pair by its zrep:dest-fs; .*: zrep clear tank\/home$/,
  );
  t.equal(refusal.detail, 'zrep:dest-fs is vault/secret');
  zfs.set(HOME, 'off:dest-fs', 'vault/secret');
  t.match(await begin(zfs, INIT.replace('zrep', 'zrep -t off')), {
    reason: /: zrep -t off clear tank\/home$/,
  });
});

t.test("a parent's pair is not its own", async (t) => {
  const zfs = bare();
  const inherited = {
    'src-host': 'fileserver',
    'src-fs': 'tank',
    'dest-host': 'other',
    'dest-fs': 'vault/x',
  };
  for (const [name, value] of Object.entries(inherited)) {
    zfs.set(HOME, `zrep:${name}`, value, 'inherited from tank');
  }
  t.match(await begin(zfs), { print: FIRST });
});

t.test('a pair of which a snapshot is marked as sent is not begun again', async (t) => {
  const marks: [string, string, string][] = [
    [FIRST, 'zrep:sent', '1700000000'],
    [HOME, 'zrep:lastsent', FIRST],
  ];
  for (const [name, property, value] of marks) {
    const zfs = bare();
    await begin(zfs);
    zfs.snapshot(`${HOME}@zrep_000001`);
    zfs.set(name, property, value);
    const before = changes(zfs).length;
    t.match(
      await begin(zfs),
      { refused: 'already-initialized', reason: /: zrep clear tank\/home$/ },
      property,
    );
    const refused = property === 'zrep:sent' ? 'already-sent' : 'not-latest';
    t.match(await pull(zfs, FIRST), { refused });
    t.equal(changes(zfs).length, before, 'nothing was changed or streamed');
  }
});

t.test(
  'for a copy that was lost, the newest snapshot of a pair that has begun is streamed whole',
  async (t) => {
    const zfs = bare();
    await begin(zfs);
    zfs.set(FIRST, 'zrep:sent', '1700000000');
    const next = `${HOME}@zrep_000001`;
    zfs.snapshot(next);
    t.strictSame(await pull(zfs, next), { facts: { snapshot: next } });
    t.ok(zfs.asked.includes(`stream send -L ${next}`), 'without a base');
    const token = tokenFor(zfs, next);
    t.strictSame(await pull(zfs, `${next} ${token}`), { facts: { snapshot: next } }, 'and gone on with');
    zfs.snapshot(`${HOME}@zrep_000002`);
    t.match(await pull(zfs, next), { refused: 'not-latest' });
    t.strictSame(
      await pull(zfs, `${next} ${token}`),
      { facts: { snapshot: next } },
      'a stream that was begun',
    );
    zfs.set(next, 'zrep:sent', '1700000001');
    t.match(await pull(zfs, `${next} ${token}`), { refused: 'already-sent' });
  },
);

t.test(
  'of a pair that has begun nothing is streamed whole where a refresh is not granted, nor by a token',
  async (t) => {
    const barred = refuse('operation-not-granted', 'pull');
    const zfs = bare();
    await begin(zfs);
    t.match(await pull(zfs, FIRST, barred), { facts: { snapshot: FIRST } }, 'before it has, init is enough');
    zfs.set(FIRST, 'zrep:sent', '1700000000');
    const next = `${HOME}@zrep_000001`;
    zfs.snapshot(next);
    const before = changes(zfs).length;
    for (const words of [next, `${next} ${tokenFor(zfs, next)}`])
      t.strictSame(await pull(zfs, words, barred), barred, words);
    t.match(await pull(zfs, FIRST, barred), { refused: 'already-sent' });
    t.equal(changes(zfs).length, before, 'nothing was changed or streamed');
  },
);

t.test('a first snapshot has to have room, and without one nothing is configured', async (t) => {
  const zfs = bare();
  const full = datasetLimits({ 'free-space': '51%' }, {});
  t.match(await begin(zfs, INIT, full), { refused: 'pool-full' });
  t.strictSame(changes(zfs), []);
  zfs.snapshot(FIRST);
  t.match(await begin(zfs, INIT, full), { print: FIRST }, 'one that is there already needs none');
});

t.test('a file system that does not exist is none that could be told from one not granted', async (t) => {
  const zfs = bare();
  zfs.objects.delete(HOME);
  await t.rejects(begin(zfs), { dataset: HOME, message: /dataset does not exist/ });
});

t.test('the snapshot is streamed whole, is on record, and can then be marked', async (t) => {
  const zfs = bare();
  await begin(zfs);
  t.match(await complete(zfs), { refused: 'not-streamed' });
  t.strictSame(await pull(zfs, FIRST), { facts: { snapshot: FIRST } });
  t.ok(zfs.asked.includes(`stream send -L ${FIRST}`), 'without a base');
  t.match(zfs.objects.get(FIRST)?.get('zrep-gate:streamed')?.value, /^backup1@\d+$/);
  t.strictSame(await pull(zfs, FIRST), { facts: { snapshot: FIRST } }, 'again, as long as it is not marked');
  t.strictSame(await complete(zfs), { facts: { snapshot: FIRST } });
  t.match(await pull(zfs, FIRST), { refused: 'already-sent' });
});

t.test('only a snapshot of a pair is streamed whole', async (t) => {
  const zfs = bare();
  zfs.snapshot(FIRST);
  t.match(await pull(zfs, FIRST), { refused: 'not-master' });
  zfs.set(HOME, 'zrep:src-host', 'fileserver');
  t.match(await pull(zfs, FIRST), { refused: 'not-marked-master' });
  await begin(zfs);
  t.match(await pull(zfs, `${HOME}@zrep_000009`), { refused: 'no-such-snapshot' });
  t.notOk(changes(zfs).some((line) => line.startsWith('stream')));
});

t.test('a token goes on with a full stream of a snapshot that is still that one', async (t) => {
  const zfs = bare();
  await begin(zfs);
  const token = tokenFor(zfs, FIRST);
  t.match(await pull(zfs, `${FIRST} ${token}`), { facts: { snapshot: FIRST } });
  t.ok(zfs.asked.includes(`stream send -t ${token}`));
  const guid = BigInt(zfs.objects.get(FIRST)?.get('guid')?.value ?? 0);
  t.match(await pull(zfs, `${FIRST} ${tokenFor(zfs, FIRST, guid)}`), {
    refused: 'token-mismatch',
    reason: /increment/,
  });
  zfs.objects.delete(FIRST);
  zfs.snapshot(FIRST);
  t.match(await pull(zfs, `${FIRST} ${token}`), { refused: 'token-mismatch' });
});
