/** Whatever the schedule, the listing and the clock: what is protected is never destroyed. */

import fc from 'fast-check';
import t from 'tap';
import { decide, decideAll, type Question } from '../../src/expire/decide.ts';
import { PERIODS, type Schedule } from '../../src/expire/schedule.ts';
import { type Guard, hasTag, type Snapshot } from '../../src/expire/snapshot.ts';
import { isProblem, parseSpan, type Span } from '../../src/expire/span.ts';
import { findZone, type Zone } from '../../src/expire/zone.ts';

const NOW = 1_795_389_060;
const TAGS = ['zrep', 'off'];

const span = fc
  .tuple(
    fc.integer({ min: 0, max: 60 }),
    fc.constantFrom('seconds', 'minutes', 'hours', 'days', 'weeks', 'months', 'years'),
  )
  .map(([amount, unit]) => {
    const read = parseSpan(`${amount} ${unit}`);
    if (isProblem(read)) throw new Error(read.problem);
    return read as Span;
  });
const zone = fc
  .constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia')
  .map((name) => findZone(name) as Zone);
const schedule: fc.Arbitrary<Schedule> = fc.oneof(
  fc.record({
    kind: fc.constant('rules' as const),
    rules: fc.array(fc.record({ age: span, interval: span }), { minLength: 1, maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('calendar' as const),
    zone,
    pick: fc.constantFrom('oldest' as const, 'newest' as const),
    tiers: fc.array(
      fc.record({
        period: fc.constantFrom('every' as const, ...PERIODS),
        age: fc.option(span, { nil: undefined }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  }),
);

const guard: fc.Arbitrary<Guard> = fc.constantFrom<Guard>({ kind: 'held' }, { kind: 'resume' });
const snapshots: fc.Arbitrary<Snapshot[]> = fc
  .array(
    fc.record({
      tag: fc.constantFrom('zrep', 'zrep', 'zrep', 'off', 'third', undefined),
      // Close together, far apart, and in one second.
      age: fc.oneof(fc.nat(300), fc.nat(200_000), fc.nat(150_000_000)),
      sent: fc.boolean(),
      ending: fc.constantFrom('', '', '', '_unsent', '0'),
      createtxg: fc.nat(1000),
      guards: fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.tuple(guard) }),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((rows) =>
    rows.map(({ tag, age, sent, ending, createtxg, guards }, index) => ({
      dataset: 'tank/a',
      name: tag === undefined ? `by-hand-${index}` : `${tag}_${index.toString(16).padStart(6, '0')}${ending}`,
      creation: NOW - age,
      // No two snapshots of a dataset have the same (dsl_dataset_snapshot_check).
      createtxg: createtxg * 100 + index,
      sentAs: new Set(sent && tag !== undefined ? [tag] : []),
      guards,
    })),
  );
const question: fc.Arbitrary<Question> = fc.record({
  now: fc.oneof(
    { weight: 4, arbitrary: fc.constant(NOW) },
    { weight: 1, arbitrary: fc.integer({ min: NOW - 200_000_000, max: NOW + 900_000_000 }) },
  ),
  keep: fc.integer({ min: -2, max: 8 }),
  tags: fc.constantFrom(['zrep'], TAGS, ['off'], ['none']),
  zrepIgnore: fc.boolean(),
  thinUnsent: fc.boolean(),
});

/** What must stay, found in another way than the program finds it; the answer says why. */
function mustStay(one: Snapshot, all: readonly Snapshot[], question: Question): string | undefined {
  const { now, keep, tags, zrepIgnore, thinUnsent } = question;
  if (all.some(({ creation }) => creation > now)) return 'the clock is wrong';
  if (one.guards.length > 0) return 'guarded';
  // By the clock, and of one second by the pool; and by the pool alone.
  const isNewestOf = (some: readonly Snapshot[]) =>
    some.every(
      ({ creation, createtxg }) =>
        creation < one.creation || (creation === one.creation && createtxg <= one.createtxg),
    ) || some.every(({ createtxg }) => createtxg <= one.createtxg);
  const newer = all.filter(
    ({ creation, createtxg }) =>
      creation > one.creation || (creation === one.creation && createtxg >= one.createtxg),
  );
  if (newer.length <= Math.max(1, keep)) return 'among the newest';
  for (const tag of [...TAGS, 'third']) {
    if (one.sentAs.has(tag) && isNewestOf(all.filter(({ sentAs }) => sentAs.has(tag))))
      return `newest sent of ${tag}`;
    if (hasTag(one.name, tag) && isNewestOf(all.filter(({ name }) => hasTag(name, tag))))
      return `newest of ${tag}`;
  }
  if (zrepIgnore) return undefined;
  const own = tags.find((tag) => hasTag(one.name, tag));
  if (own === undefined) return 'another tag, or none';
  if (one.sentAs.has(own)) return undefined;
  if (!thinUnsent) return 'never sent';
  const sentLater = all.some(
    ({ sentAs, creation, createtxg }) =>
      sentAs.has(own) &&
      (creation > one.creation || (creation === one.creation && createtxg >= one.createtxg)),
  );
  return sentLater ? undefined : 'behind the newest sent';
}

t.test('no run ever destroys what is protected', async (t) => {
  let destroyed = 0;
  const property = fc.property(schedule, snapshots, question, (schedule, listing, question) => {
    for (const { snapshot, action } of decide(schedule, listing, question)) {
      if (action === 'keep') continue;
      destroyed += 1;
      const why = mustStay(snapshot, listing, question);
      if (why !== undefined) throw new Error(`${snapshot.name} was destroyed: ${why}`);
    }
  });
  fc.assert(property, { numRuns: 2000 });
  t.ok(destroyed > 5000, `${destroyed} snapshots did go`);
});

t.test('every snapshot gets one verdict, in its place, whatever the order of the listing', async () => {
  const property = fc.property(
    schedule,
    snapshots,
    question,
    fc.nat(),
    (schedule, listing, question, turn) => {
      const place = listing.length === 0 ? 0 : turn % listing.length;
      const unique = listing.filter(
        ({ creation }, index) => listing.findIndex((one) => one.creation === creation) === index,
      );
      const turned = [...unique.slice(place), ...unique.slice(0, place)];
      const said = (all: readonly Snapshot[]) =>
        new Map(decide(schedule, all, question).map(({ snapshot, action }) => [snapshot.name, action]));
      const [first, second] = [said(unique), said(turned)];
      return (
        first.size === unique.length && [...first].every(([name, action]) => second.get(name) === action)
      );
    },
  );
  fc.assert(property, { numRuns: 500 });
});

t.test('a second run at the same time finds nothing left to destroy', async () => {
  const property = fc.property(schedule, snapshots, question, (schedule, listing, question) => {
    const left = decide(schedule, listing, question).filter(({ action }) => action === 'keep');
    const again = decide(
      schedule,
      left.map(({ snapshot }) => snapshot),
      question,
    );
    return again.every(({ action }) => action === 'keep');
  });
  fc.assert(property, { numRuns: 1000 });
});

t.test('a clock that looks wrong to one file system keeps everything of all', async (t) => {
  const rules = {
    kind: 'rules' as const,
    rules: [{ age: parseSpan('1 hour') as Span, interval: parseSpan('1 h') as Span }],
  };
  const at = (dataset: string, creation: number, index: number): Snapshot => ({
    ...{
      dataset,
      name: `zrep_00000${index}`,
      creation,
      createtxg: index,
      sentAs: new Set(['zrep']),
      guards: [],
    },
  });
  const old = [1, 2, 3].map((index) => at('tank/a', NOW - 900_000 + index, index));
  const question = { now: NOW, keep: 1, tags: ['zrep'] };
  const actions = (now: number) =>
    decideAll(
      [
        { schedule: rules, snapshots: old },
        { schedule: rules, snapshots: [at('tank/b', NOW, 1)] },
      ],
      { ...question, now },
    )
      .flat()
      .map(({ action }) => action);
  t.same(actions(NOW), ['destroy', 'destroy', 'keep', 'keep']);
  t.same(actions(NOW - 1), ['keep', 'keep', 'keep', 'keep']);
});
