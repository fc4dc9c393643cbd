/**
 * Every mistake in a table that does not fit its shape, found by zod. Loaded only when there is one: see shape.ts.
 */

import * as z from 'zod/mini';
import { didYouMean } from '../did-you-mean.ts';
import { quote } from '../printable.ts';
import type { Mistake } from './mistakes.ts';
import type { Shape } from './shape.ts';

// No code is made from strings here: this runs as root.
z.config({ jitless: true });

/** What keeps `value` from fitting `shape`; [] when it fits. */
export function findMistakes(shape: Shape, value: object): Mistake[] {
  const parsed = zodFor(shape).safeParse(value, { reportInput: true });
  const found = parsed.success ? [] : parsed.error.issues.flatMap((issue) => mistakesOf(issue, shape));
  // To zod an own key of this name is nothing, mostly; in a file it is what any other unknown key is.
  const prototypes = pathsOf('__proto__', value)
    .map((path) => ({ place: placeOf(path), problem: unknownAt(shape, path.slice(0, -1), '__proto__') }))
    .filter(({ place }) => !found.some((other) => other.place === place));
  return [...prototypes, ...found];
}

/** Says of a key below `path` that it is not known, and which ones are. */
function unknownAt(shape: Shape, path: readonly PropertyKey[], key: string): string {
  const known = Object.keys(tableAt(shape, path));
  const meant = didYouMean(key, known);
  const list = known.length > 0 ? `; known are: ${known.join(', ')}` : '';
  return `is not a key that is known here${list}${meant === undefined ? '' : `. Did you mean ${meant}?`}`;
}

/** The shape of what stands at `path`; undefined where nothing is known. */
function shapeAt(shape: Shape | undefined, [key, ...path]: readonly PropertyKey[]): Shape | undefined {
  if (key === undefined || shape === undefined) return shape;
  if (shape.kind === 'list' || shape.kind === 'named') return shapeAt(shape.of, path);
  return shape.kind === 'table' ? shapeAt(shape.keys[String(key)], path) : undefined;
}

/** The keys of the table at `path`; none where there is no table of known keys. */
function tableAt(shape: Shape, path: readonly PropertyKey[]): Readonly<Record<string, Shape>> {
  const found = shapeAt(shape, path);
  return found?.kind === 'table' ? found.keys : {};
}

function zodFor(shape: Shape): z.ZodMiniType {
  switch (shape.kind) {
    case 'text':
      return z.custom((value) => typeof value === 'string' && shape.accepts(value), {
        error: `expected ${shape.expected}`,
      });
    case 'choice':
      return z.enum([...shape.of]);
    case 'flag':
      return z.boolean();
    case 'whole':
      return z.custom(
        (value) =>
          Number.isInteger(value) && (value as number) >= shape.least && (value as number) <= shape.most,
        { error: `expected a whole number from ${shape.least} to ${shape.most}` },
      );
    case 'list': {
      const entries =
        shape.first === shape.of
          ? z.array(zodFor(shape.of))
          : z.tuple([zodFor(shape.first)], zodFor(shape.of));
      const least = z.refine((list) => (list as readonly unknown[]).length >= shape.least, {
        error: `expected at least ${shape.least} entry; leave the key out for its default`,
      });
      return (entries as z.ZodMiniType).check(least);
    }
    case 'table': {
      const keys = Object.entries(shape.keys).map(([key, inner]) => {
        const one = zodFor(inner);
        return [key, shape.needed.includes(key) ? one : z.optional(one)];
      });
      // To zod a TOML date is an object without keys.
      return z.pipe(
        z.custom((value) => !(value instanceof Date), { error: 'expected a table' }),
        z.strictObject(Object.fromEntries(keys)),
      );
    }
    case 'named':
      return z.record(zodFor(shape.name) as z.ZodMiniType<string, string>, zodFor(shape.of));
  }
}

function pathsOf(name: string, value: object, path: readonly PropertyKey[] = []): PropertyKey[][] {
  const list = Array.isArray(value);
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const place = [...path, list ? Number(key) : key];
    if (key === name) return [place];
    return typeof inner === 'object' && inner !== null ? pathsOf(name, inner, place) : [];
  });
}

function mistakesOf(issue: z.core.$ZodIssue, shape: Shape): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      place: placeOf([...issue.path, key]),
      problem: unknownAt(shape, issue.path, key),
    }));
  }
  const brackets = wrongBrackets(issue, shape);
  if (brackets !== undefined) return [{ place: placeOf(issue.path), problem: brackets }];
  return [{ place: placeOf(issue.path), problem: problemOf(issue) }];
}

/** `[client.b.grant]` is one table, where there can be several; `[[client.b]]` is several, where there is one. */
function wrongBrackets({ code, path, input }: z.core.$ZodIssue, shape: Shape): string | undefined {
  if (code !== 'invalid_type' || typeof input !== 'object' || input === null || input instanceof Date)
    return undefined;
  const found = shapeAt(shape, path);
  const name = path.map(String).join('.');
  if (found?.kind === 'list' && found.of.kind === 'table' && !Array.isArray(input))
    return `write it with two brackets: [[${name}]]`;
  const isSection = found?.kind === 'table' && path.every((key) => typeof key === 'string');
  const isRepeated =
    Array.isArray(input) && input.length > 0 && input.every((one) => typeof one === 'object');
  return isSection && isRepeated ? `write it with one bracket: [${name}]` : undefined;
}

function problemOf(issue: z.core.$ZodIssue): string {
  if (issue.input === undefined && issue.code !== 'invalid_key') return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${EXPECTED[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map((value) => quote(String(value))).join(', ')}${meantBy(issue)}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'is not a name that can stand here';
    default:
      return issue.message;
  }
}

function meantBy({ input, values }: z.core.$ZodIssueInvalidValue): string {
  const meant = typeof input === 'string' ? didYouMean(input, values.map(String)) : undefined;
  return meant === undefined ? '' : `. Did you mean ${quote(meant)}?`;
}

const EXPECTED: Readonly<Record<string, string>> = {
  array: 'a list: ["..."]',
  tuple: 'a list: ["..."]',
  boolean: 'true or false',
  object: 'a table',
  record: 'a table',
};

function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((key) => (typeof key === 'number' ? `[${key + 1}]` : `.${String(key)}`)).join('');
  return place.replace(/^\./, '') || 'the file';
}
