/**
 * Trees against a thief: whatever is asked of a tree, in whatever order, each dataset in it is held to its own grant, by the
 * floors of expiring as well as by the limits of a new snapshot.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { mock } from 'node:test';
import fc from 'fast-check';
import t from 'tap';
import type { Allowed } from '../../src/policy/decide.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { isRefusal } from '../../src/refusal.ts';
import { expire } from '../../src/replication/expire.ts';
import { refreshcomplete } from '../../src/replication/refreshcomplete.ts';
import { refreshpull } from '../../src/replication/refreshpull.ts';
import { snaponly } from '../../src/replication/snaponly.ts';
import { judge, policyFrom } from '../fixtures/policy/judge.ts';
import { type PretendZfs, pretendZfs } from '../fixtures/replication/pretend-zfs.ts';

const ROOT = 'tank/home';
const OWN = 'tank/home/own';
const TREE = [ROOT, OWN, 'tank/home/own/deep', 'tank/home/plain'];
const BEGIN = 1_795_399_385;
const rundir = mkdtempSync(`${tmpdir()}/trees-`);
t.teardown(() => rmSync(rundir, { recursive: true }));

/** What a grant of the tree limits. */
interface Limits {
  readonly atLeast: number;
  /** Seconds. */
  readonly keepFor: number;
  readonly snapshots: number;
  readonly hourly: number;
}

type Move =
  | { readonly kind: 'snaponly'; readonly recursive: boolean }
  | { readonly kind: 'expire' | 'send' }
  | { readonly kind: 'wait'; readonly seconds: number };

/** What is held, released or made in the tree besides, of which a thief knows. */
type Event = { readonly kind: 'hold' | 'drop'; readonly dataset: string; readonly which: number };

interface World {
  readonly zfs: PretendZfs;
  readonly policy: Policy;
  readonly limits: Readonly<Record<string, Limits>>;
  now: number;
  /** A snapshot's name → when it, or one that is newer, was first marked as sent. */
  readonly marked: Map<string, number>;
}

async function worldWith(root: Limits, own: Limits, savecount: number): Promise<World> {
  const grant = (dataset: string, { atLeast, keepFor, snapshots, hourly }: Limits) => `
[[client.backup1.grant]]
dataset = "${dataset}"
subtree = true
operations = ["pull", "expire"]
recursive = true
keep-at-least = ${atLeast}
keep-for = "${keepFor} seconds"
snapshots = ${snapshots}
snapshots-per-hour = ${hourly}
`;
  const world: World = {
    policy: await policyFrom(`[client.backup1]${grant(ROOT, root)}${grant(OWN, own)}`),
    limits: Object.fromEntries(TREE.map((name) => [name, name.startsWith(OWN) ? own : root])),
    now: BEGIN - 100_000,
    marked: new Map(),
    zfs: pretendZfs({ savecount, now: () => world.now }),
  };
  for (const dataset of TREE) world.zfs.set(dataset, 'type', 'filesystem', '-');
  // What was backed up before, and is superseded for long by what begins.
  await ask(world, 'snapshot -r');
  return world;
}

/** As gate/run.ts has it, by zrep's own words; the base is made past the gate. */
async function ask(world: World, command: string): Promise<boolean> {
  if (command === 'snapshot -r') {
    await world.zfs.step(rundir).zfs.ask(['snapshot', '-r', `${ROOT}@zrep_000000`]);
    mark(world, 'zrep_000000');
    world.zfs.set(`${ROOT}@zrep_000000`, 'zrep:sent', String(world.now));
    world.now = BEGIN;
    return true;
  }
  const verdict = judge(world.policy, command, { now: world.now });
  if (isRefusal(verdict)) throw new Error(verdict.reason);
  const done = await perform(world, verdict);
  return !isRefusal(done);
}

function perform({ zfs }: World, { operation, limits, reach, alsoExpiring, sendFlags }: Allowed) {
  const step = zfs.step(rundir);
  switch (operation.kind) {
    case 'snaponly':
      return snaponly(step, operation, limits, reach, alsoExpiring);
    case 'refreshpull':
      return refreshpull(step, operation, sendFlags, [], limits);
    case 'refreshcomplete':
      return refreshcomplete(step, operation);
    case 'expire':
      return expire(step, operation, reach, limits);
    default:
      throw new Error(operation.kind);
  }
}

/** Whatever is older is superseded from now on. */
function mark({ zfs, marked, now }: World, name: string): void {
  const names = zfs.snapshots();
  for (const older of names.slice(0, names.indexOf(name))) if (!marked.has(older)) marked.set(older, now);
}

async function make(world: World, move: Move): Promise<boolean> {
  switch (move.kind) {
    case 'wait':
      world.now += move.seconds;
      return true;
    case 'snaponly':
      return ask(world, `zrep ${move.recursive ? '-R ' : ''}snaponly ${ROOT}`);
    case 'expire':
      return ask(world, `zrep expire -L ${ROOT}`);
    case 'send': {
      const newest = world.zfs.snapshots().at(-1) ?? '';
      const streamed = await ask(world, `zrep -R _refreshpull ${ROOT}@${newest}`);
      const sent =
        streamed && (await ask(world, `zrep _refreshcomplete ${ROOT}@${newest} zrep:sent=${world.now}`));
      if (sent) mark(world, newest);
      return sent;
    }
  }
}

function befall({ zfs }: World, { kind, dataset, which }: Event): void {
  const names = zfs.snapshots(dataset);
  const name = names[which % Math.max(1, names.length)];
  if (name === undefined) return;
  if (kind === 'hold') zfs.set(`${dataset}@${name}`, 'userrefs', '1', '-');
  else if (dataset !== ROOT) zfs.objects.delete(`${dataset}@${name}`);
}

function isEvent(move: Move | Event): move is Event {
  return move.kind === 'hold' || move.kind === 'drop';
}

/** What an act left that a dataset's own grant does not allow, in words. */
async function wrongs(world: World, moves: readonly (Move | Event)[]): Promise<string | undefined> {
  const clock = mock.method(Date, 'now', () => world.now * 1000);
  try {
    for (const move of moves) {
      if (isEvent(move)) {
        befall(world, move);
        continue;
      }
      const before = new Map(TREE.map((dataset) => [dataset, world.zfs.snapshots(dataset)]));
      await make(world, move);
      for (const dataset of TREE) {
        const [had, has] = [before.get(dataset) ?? [], world.zfs.snapshots(dataset)];
        const wrong = wrongOf(world, dataset, had, has);
        if (wrong !== undefined) return `${dataset}: ${wrong} by ${move.kind}`;
      }
    }
    return undefined;
  } finally {
    clock.mock.restore();
  }
}

function wrongOf(world: World, dataset: string, had: string[], has: string[]): string | undefined {
  const { atLeast, keepFor, snapshots, hourly } = world.limits[dataset] as Limits;
  const gone = had.filter((name) => !has.includes(name));
  const made = has.filter((name) => !had.includes(name));
  if (gone.length > 0 && has.length < atLeast) return `only ${has.length} left`;
  const early = gone.find(
    (name) => world.now < (world.marked.get(name) ?? Number.POSITIVE_INFINITY) + keepFor,
  );
  if (early !== undefined) return `${early} is gone too early`;
  if (made.length === 0) return undefined;
  if (has.length > snapshots) return `${has.length} snapshots`;
  const creation = (name: string) =>
    Number(world.zfs.objects.get(`${dataset}@${name}`)?.get('creation')?.value);
  const recent = has.filter((name) => creation(name) > world.now - 3600).length;
  return recent > hourly ? `${recent} snapshots in an hour` : undefined;
}

const someLimits: fc.Arbitrary<Limits> = fc.record({
  atLeast: fc.integer({ min: 1, max: 4 }),
  keepFor: fc.constantFrom(0, 100, 2000),
  snapshots: fc.integer({ min: 2, max: 8 }),
  hourly: fc.integer({ min: 1, max: 5 }),
});
const someMove: fc.Arbitrary<readonly (Move | Event)[]> = fc.oneof(
  { weight: 4, arbitrary: fc.constant([{ kind: 'snaponly', recursive: true }, { kind: 'send' }] as const) },
  { weight: 1, arbitrary: fc.constant([{ kind: 'snaponly', recursive: true }] as const) },
  { weight: 1, arbitrary: fc.constant([{ kind: 'snaponly', recursive: false }] as const) },
  { weight: 4, arbitrary: fc.constant([{ kind: 'expire' }] as const) },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 4000 }).map((seconds) => [{ kind: 'wait', seconds }] as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        kind: fc.constantFrom('hold', 'drop'),
        dataset: fc.constantFrom(...TREE.slice(1)),
        which: fc.nat(9),
      })
      .map((event): [Event] => [event]),
  },
);

t.test('no order of what is granted goes past the limits and floors of any dataset in the tree', async () => {
  const moves = fc.array(someMove, { minLength: 4, maxLength: 24 });
  const all = fc.asyncProperty(
    someLimits,
    someLimits,
    fc.constantFrom(1, 1, 2, 3),
    moves,
    async (root, own, savecount, moves) => {
      const wrong = await wrongs(await worldWith(root, own, savecount), moves.flat());
      if (wrong !== undefined) throw new Error(wrong);
    },
  );
  await fc.assert(all, { numRuns: 200 });
});

const OPEN: Limits = { atLeast: 1, keepFor: 0, snapshots: 99, hourly: 99 };
const SENT = [{ kind: 'snaponly', recursive: true }, { kind: 'send' }] as const;
const EXPIRED = { kind: 'expire' } as const;

t.test('a run goes as a whole, once no dataset in the tree keeps it', async (t) => {
  const world = await worldWith(OPEN, { ...OPEN, atLeast: 3 }, 1);
  t.equal(await wrongs(world, [...SENT, EXPIRED]), undefined);
  t.same(world.zfs.snapshots(), ['zrep_000000', 'zrep_000001'], 'the child keeps three');
  t.equal(await wrongs(world, [...SENT, ...SENT, EXPIRED]), undefined);
  for (const dataset of TREE)
    t.same(world.zfs.snapshots(dataset), ['zrep_000001', 'zrep_000002', 'zrep_000003'], dataset);
});

t.test('a held part keeps its run, and no other', async (t) => {
  const world = await worldWith(OPEN, OPEN, 1);
  const hold = { kind: 'hold', dataset: OWN, which: 1 } as const;
  t.equal(await wrongs(world, [...SENT, ...SENT, ...SENT, hold, EXPIRED]), undefined);
  for (const dataset of TREE) t.same(world.zfs.snapshots(dataset), ['zrep_000001', 'zrep_000003'], dataset);
  world.zfs.set(`${OWN}@zrep_000001`, 'userrefs', '0', '-');
  t.equal(await wrongs(world, [EXPIRED]), undefined);
  for (const dataset of TREE) t.same(world.zfs.snapshots(dataset), ['zrep_000003'], dataset);
});

t.test('a dataset with nothing of what was sent keeps what it has', async (t) => {
  const world = await worldWith(OPEN, OPEN, 1);
  const drop = { kind: 'drop', dataset: OWN, which: 1 } as const;
  t.equal(await wrongs(world, [...SENT, drop, EXPIRED]), undefined);
  t.same(world.zfs.snapshots(OWN), ['zrep_000000']);
  t.same(world.zfs.snapshots(), ['zrep_000000', 'zrep_000001']);
});

t.test('a recursive snapshot is refused by the limits of a child, which is named', async (t) => {
  for (const [limits, code] of [
    [{ ...OPEN, snapshots: 2 }, 'too-many-snapshots'],
    [{ ...OPEN, hourly: 1 }, 'snapshots-too-often'],
  ] as const) {
    const world = await worldWith(OPEN, { ...limits, atLeast: 9 }, 1);
    t.equal(await wrongs(world, SENT), undefined);
    const verdict = judge(world.policy, `zrep -R snaponly ${ROOT}`) as Allowed;
    const clock = mock.method(Date, 'now', () => world.now * 1000);
    const refusal = await perform(world, verdict);
    t.match(refusal, { refused: code, reason: /tank\/home\/own/ });
    t.match(await perform(world, judge(world.policy, `zrep snaponly ${ROOT}`) as Allowed), {
      print: /zrep_000002$/,
    });
    clock.mock.restore();
  }
});
