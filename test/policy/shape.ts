/** Both readers of a policy's form, `fits` and `findMistakes`, have one answer to every value. */

import fc from 'fast-check';
import { parse as parseToml, TomlDate, type TomlTable } from 'smol-toml';
import t from 'tap';
import { findMistakes } from '../../src/policy/find-mistakes.ts';
import { policyFile } from '../../src/policy/schema.ts';
import { choice, fits, flag, list, named, type Shape, table, text, whole } from '../../src/policy/shape.ts';
import { FULL_POLICY } from '../fixtures/policy/full.ts';

const short = text('a short word', (value) => value.length < 4);
const date = new TomlDate('2026-11-23');

/** [shape, what fits it, what does not]. */
const FORMS: Record<string, [Shape, unknown[], unknown[]]> = {
  'a text fits where it is accepted': [short, ['', 'abc'], ['abcd', 1, true, null, undefined, ['abc'], date]],
  'a choice is one of its words': [choice('on', 'off'), ['on', 'off'], ['', 'ON', 'on ', 0, ['on'], {}]],
  'a flag is a boolean': [flag, [true, false], ['true', 0, 1, null, undefined, []]],
  'a whole number lies between the least and the most': [
    whole(2, 5),
    [2, 3, 5, 4.0],
    [1, 6, -3, 2.5, '3', true, null, undefined, Number.NaN, Number.POSITIVE_INFINITY, 3n, [3], {}, date],
  ],
  'a list has one kind of entries': [
    list(short),
    [[], ['a'], ['a', 'b']],
    ['a', {}, [1], ['a', 'long'], { 0: 'a' }, date],
  ],
  'a list has at least so many': [list(short, 2), [['a', 'b']], [[], ['a']]],
  'a first entry has a form of its own': [
    list<unknown>(flag, 1, short),
    [['a'], ['a', true]],
    [[], [true], ['a', 'b'], ['a', true, 'b']],
  ],
  'a table has these keys and no others': [
    table({ one: short, two: flag }, 'one'),
    [{ one: 'a' }, { one: 'a', two: true }],
    [
      {},
      { two: true },
      { one: 'a', three: 1 },
      { one: 'long' },
      { one: 'a', two: 1 },
      ['a'],
      'a',
      null,
      date,
      { one: 'a', toString: 'a' },
    ],
  ],
  'a table of names has checked names': [
    named(short, flag),
    [{}, { a: true, b: false }],
    [{ long: true }, { a: 1 }, [true], date],
  ],
  'a table can be empty, and is then no list and no date': [
    table({ one: short }),
    [{}],
    [[], date, '', null],
  ],
};

const shown = (value: unknown): string =>
  typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'undefined');

for (const [name, [shape, good, bad]] of Object.entries(FORMS)) {
  t.test(name, async (t) => {
    for (const value of good) t.equal(fits(shape, value), true, shown(value));
    for (const value of bad) t.equal(fits(shape, value), false, shown(value));
    for (const value of good)
      t.same(findMistakes(table({ key: shape }, 'key'), { key: value }), [], shown(value));
    for (const value of bad) {
      t.not(
        findMistakes(table({ key: shape }, 'key'), { key: value }).length,
        0,
        `${shown(value)} has a mistake`,
      );
    }
  });
}

t.test('a key that every object inherits is as unknown as any other', async (t) => {
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const file = parseToml(`${key} = true`);
    t.equal(fits(policyFile, file), false, key);
    t.match(findMistakes(policyFile, file), [{ place: key, problem: 'is not a key that is known here' }]);
  }
});

const scalar = fc.oneof(
  fc.string(),
  fc.boolean(),
  fc.integer(),
  fc.integer({ min: 0, max: 12 }),
  fc.double(),
  fc.constantFrom('tank/home', 'zrep', 'pull', 'local', '/x', '192.0.2.0/24', '7 days', '2%', date),
);
const key = fc.oneof(
  fc.constantFrom(
    'zfs',
    'zrep',
    'audit',
    'limits',
    'keep-at-least',
    'sessions',
    'client',
    'filter',
    'grant',
    'dataset',
    'operations',
    'argv',
    'a',
    '__proto__',
  ),
  fc.string(),
);
/** What a TOML document can hold. */
const { value: tomlValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(tableOf),
  ),
}));

/** As smol-toml does it: also `__proto__` is an own key. */
function tableOf(entries: readonly (readonly [string, unknown])[]): object {
  const made = {};
  for (const [name, value] of entries) {
    Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return made;
}

/** A copy of `value` in which what stands at one place, found by turns of `path`, is changed. */
function mutate(value: unknown, path: readonly number[], change: Change): unknown {
  const [turn = 0, ...rest] = path;
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (value instanceof Date || entries.length === 0 || path.length === 0) return change.value;
  const at = turn % entries.length;
  const changed = entries.flatMap(([name, inner], index): [string, unknown][] => {
    if (index !== at) return [[name, inner]];
    if (rest.length > 0) return [[name, mutate(inner, rest, change)]];
    if (change.kind === 'drop') return [];
    if (change.kind === 'rename') return [[change.key, inner]];
    return change.kind === 'add'
      ? [
          [name, inner],
          [change.key, change.value],
        ]
      : [[name, change.value]];
  });
  return Array.isArray(value) ? changed.map(([, inner]) => inner) : tableOf(changed);
}

interface Change {
  readonly kind: 'drop' | 'rename' | 'add' | 'replace';
  readonly key: string;
  readonly value: unknown;
}

const good: TomlTable = parseToml(FULL_POLICY);
const change = fc.record({
  kind: fc.constantFrom('drop', 'rename', 'add', 'replace'),
  key,
  value: tomlValue,
});

/** True when both say yes, or both say no. */
const agree = (value: object): boolean =>
  fits(policyFile, value) === (findMistakes(policyFile, value).length === 0);

t.test('of any value they say the same', async () => {
  const anyTable = fc.array(fc.tuple(key, tomlValue), { maxLength: 5 }).map(tableOf);
  fc.assert(fc.property(anyTable, agree), { numRuns: 1000 });
});

t.test('of a good policy with one thing changed they say the same', async (t) => {
  t.equal(fits(policyFile, good), true);
  t.same(findMistakes(policyFile, good), []);
  const path = fc.array(fc.nat(), { minLength: 1, maxLength: 6 });
  const all = fc.property(path, change, (path, change) =>
    agree(mutate(good, path, change as Change) as object),
  );
  fc.assert(all, { numRuns: 1500 });
});
