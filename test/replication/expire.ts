/**
 * Expiring against a thief: whoever holds the key, in whatever order they send what is granted, cannot lose the base that
 * the real backup goes on from, as long as the policy keeps it.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { mock } from 'node:test';
import fc from 'fast-check';
import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import type { Operation } from '../../src/command/request.ts';
import { type DatasetLimits, datasetLimits } from '../../src/policy/limits.ts';
import { isRefusal } from '../../src/refusal.ts';
import { expire } from '../../src/replication/expire.ts';
import { refreshcomplete } from '../../src/replication/refreshcomplete.ts';
import { refreshpull } from '../../src/replication/refreshpull.ts';
import { snaponly } from '../../src/replication/snaponly.ts';
import type { Step } from '../../src/replication/step.ts';
import { parseZrepSnapshot } from '../../src/zfs/names.ts';
import { formatResumeToken } from '../../src/zfs/resume-token.ts';
import { type PretendZfs, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const KEEP_FOR = 1000;
const BEGIN = 1_700_000_000;
const BASE = 'zrep_000000';
const rundir = mkdtempSync(`${tmpdir()}/thief-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

/** What a thief does next; numbers choose among the snapshots that there are. */
type Move =
  | { readonly kind: 'snaponly' | 'expire' }
  | { readonly kind: 'stream' | 'resume'; readonly which: number }
  | { readonly kind: 'complete'; readonly which: number; readonly sent: number }
  | { readonly kind: 'wait'; readonly seconds: number };

interface World {
  readonly zfs: PretendZfs;
  readonly step: Step;
  readonly limits: DatasetLimits;
  now: number;
  /** When the thief first marked something as sent. */
  completed: number | undefined;
}

/** A file system that was just backed up: of its two snapshots the newer one is the base of the real backup. */
function worldWith(savecount: number, keepAtLeast: number): World {
  const world: World = {
    zfs: pretendZfs({ savecount, now: () => world.now }),
    get step() {
      return this.zfs.step(rundir, 'thief');
    },
    limits: datasetLimits({ 'keep-at-least': keepAtLeast, 'keep-for': `${KEEP_FOR} seconds` }, {}),
    ...{ now: BEGIN - 100_000, completed: undefined },
  };
  world.zfs.snapshot(`tank/home@${BASE}`);
  world.zfs.set(`tank/home@${BASE}`, 'zrep:sent', String(world.now));
  world.now = BEGIN;
  return world;
}

async function make(world: World, move: Move): Promise<void> {
  if (move.kind === 'wait') {
    world.now += move.seconds;
    return;
  }
  const done = await perform(world, operationOf(world, move));
  if (move.kind === 'complete' && !isRefusal(done)) world.completed ??= world.now;
}

/** As gate/run.ts has it. */
function perform({ step, limits }: World, operation: Operation) {
  switch (operation.kind) {
    case 'snaponly':
      return snaponly(step, operation, limits);
    case 'refreshpull':
      return refreshpull(step, operation, [], [], limits);
    case 'refreshcomplete':
      return refreshcomplete(step, operation);
    case 'expire':
      return expire(step, operation, 'alone', limits);
    default:
      throw new Error(operation.kind);
  }
}

function operationOf(world: World, move: Exclude<Move, { kind: 'wait' }>): Operation {
  const names = world.zfs.snapshots();
  // The newest first: that is the one which can be streamed.
  const chosen = 'which' in move ? names.toReversed()[move.which % names.length] : undefined;
  const name = `tank/home@${chosen}`;
  const command = {
    snaponly: 'zrep snaponly tank/home',
    expire: 'zrep expire -L tank/home',
    stream: `zrep _refreshpull ${name}`,
    resume: `zrep _refreshpull ${name} ${tokenFor(world, name)}`,
    complete: `zrep _refreshcomplete ${name} zrep:sent=${'sent' in move ? BEGIN + move.sent : 0}`,
  }[move.kind];
  const pipeline = parse(command);
  if (isRefusal(pipeline)) throw new Error(pipeline.reason);
  return pipeline.operation;
}

/** Forged, as anybody can who knows a snapshot's GUID: it makes an empty stream of any snapshot. */
function tokenFor({ zfs }: World, name: string): string {
  const snapshot = parseZrepSnapshot(name);
  const guid = zfs.objects.get(name)?.get('guid')?.value;
  if (snapshot === undefined || guid === undefined) return '';
  const numbers = { object: 9n, offset: 9n, bytes: 9n, toguid: BigInt(guid), fromguid: undefined };
  return formatResumeToken({ ...numbers, snapshot: snapshot, features: [] });
}

/** Makes `moves` in turn; the answer is what was lost too early, in words. */
async function loses(world: World, moves: readonly Move[]): Promise<string | undefined> {
  const clock = mock.method(Date, 'now', () => world.now * 1000);
  try {
    for (const move of moves) {
      const before = new Set(world.zfs.snapshots());
      const sent = [...before].findLast((name) =>
        world.zfs.objects.get(`tank/home@${name}`)?.has('zrep:sent'),
      );
      await make(world, move);
      const after = new Set(world.zfs.snapshots());
      const gone = [...before].filter((name) => !after.has(name));
      if (gone.length > 0 && move.kind !== 'expire') return `${gone} by ${move.kind}`;
      if (sent !== undefined && gone.includes(sent)) return `${sent}, the last sent one`;
      if (gone.length > 0 && after.size < world.limits.keepAtLeast)
        return `one of the last ${after.size + 1}`;
      const until = (world.completed ?? Number.POSITIVE_INFINITY) + KEEP_FOR;
      if (gone.includes(BASE) && world.now < until) return `the base, ${until - world.now} s too early`;
    }
    return undefined;
  } finally {
    clock.mock.restore();
  }
}

const which = fc.constantFrom(0, 0, 1, 2, 3);
const someMove: fc.Arbitrary<Move> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'snaponly' } as const) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('stream', 'resume'), which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('complete' as const),
      which,
      sent: fc.integer({ min: -2_000_000, max: 80_000 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'expire' } as const) },
  {
    weight: 3,
    arbitrary: fc
      .integer({ min: 1, max: 2 * KEEP_FOR })
      .map((seconds) => ({ kind: 'wait' as const, seconds })),
  },
);

/** One more snapshot that counts as sent, streamed to nowhere. */
const FAKED: readonly Move[] = [
  { kind: 'snaponly' },
  { kind: 'stream', which: 0 },
  { kind: 'complete', which: 0, sent: 0 },
];

t.test('no order of what is granted loses the base within keep-for, or what must stay anyway', async () => {
  const count = fc.constantFrom(1, 1, 2, 4);
  const moves = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: someMove.map((move) => [move]) },
      { weight: 1, arbitrary: fc.constant(FAKED) },
    ),
    {
      minLength: 4,
      maxLength: 24,
    },
  );
  const all = fc.asyncProperty(count, count, moves, async (savecount, keepAtLeast, moves) => {
    const lost = await loses(worldWith(savecount, keepAtLeast), moves.flat());
    if (lost !== undefined) throw new Error(`lost ${lost}`);
  });
  await fc.assert(all, { numRuns: 600 });
});

t.test(
  'once keep-for is over since the first fake mark the base goes, and not a second before',
  async (t) => {
    const world = worldWith(1, 3);
    const three = [...FAKED, ...FAKED, ...FAKED];
    t.equal(await loses(world, [...three, { kind: 'expire' }]), undefined);
    t.ok(world.zfs.snapshots().includes(BASE));
    t.equal(await loses(world, [{ kind: 'wait', seconds: KEEP_FOR - 1 }, { kind: 'expire' }]), undefined);
    t.ok(world.zfs.snapshots().includes(BASE));
    t.equal(await loses(world, [{ kind: 'wait', seconds: 1 }, { kind: 'expire' }]), undefined);
    t.same(
      world.zfs.snapshots(),
      ['zrep_000001', 'zrep_000002', 'zrep_000003'],
      'three stay, as the policy says',
    );
  },
);

t.test(
  "the real backup's stream that it could not receive, long ago, does not spare a thief the wait",
  async (t) => {
    const world = worldWith(1, 1);
    const [made, streamed, completed] = FAKED as [Move, Move, Move];
    t.equal(await loses(world, [made, streamed, { kind: 'wait', seconds: 2 * KEEP_FOR }]), undefined);
    t.equal(await loses(world, [completed, { kind: 'expire' }]), undefined);
    t.ok(world.zfs.snapshots().includes(BASE));
    t.equal(await loses(world, [{ kind: 'wait', seconds: KEEP_FOR }, { kind: 'expire' }]), undefined);
    t.same(world.zfs.snapshots(), ['zrep_000001']);
  },
);

t.test('the same thief does lose the base where the policy has no floors', async (t) => {
  const world = {
    ...worldWith(1, 1),
    limits: datasetLimits({ 'keep-at-least': 1, 'keep-for': '0 seconds' }, {}),
  };
  t.match(await loses(world, [...FAKED, { kind: 'expire' }]), /^the base, 1000 s too early$/);
});
