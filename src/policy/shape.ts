/**
 * The form of a file, said once as data, and the question whether a value has it.
 *
 * The gate asks at every start, and building a zod schema takes longer than all else that it does; so zod is made from
 * the same data only when the answer is no, to say what is wrong (mistakes.ts). test/policy/shape.ts holds
 * both to one answer.
 */

export type Shape<Value = unknown> = Form & {
  /** Only for the compiler: what a value of this form is. */
  readonly type?: Value;
};

type Form =
  | { readonly kind: 'text'; readonly expected: string; readonly accepts: (value: string) => boolean }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'flag' }
  | { readonly kind: 'whole'; readonly least: number; readonly most: number }
  | { readonly kind: 'list'; readonly of: Shape; readonly first: Shape; readonly least: number }
  | {
      readonly kind: 'table';
      readonly keys: Readonly<Record<string, Shape>>;
      readonly needed: readonly string[];
    }
  | { readonly kind: 'named'; readonly name: Shape; readonly of: Shape };

/** What a value of this shape is. */
export type Of<S> = S extends Shape<infer Value> ? Value : never;

/** A string for which `accepts` holds; `expected` says what to write instead. */
export function text(expected: string, accepts: (value: string) => boolean): Shape<string> {
  return { kind: 'text', expected, accepts };
}

/** One of a few words. */
export function choice<const Words extends readonly string[]>(...of: Words): Shape<Words[number]> {
  return { kind: 'choice', of };
}

export const flag: Shape<boolean> = { kind: 'flag' };

/** A whole number from `least` to `most`. */
export function whole(least: number, most: number): Shape<number> {
  return { kind: 'whole', least, most };
}

/** At least `least` values of one shape; the first may have one of its own. */
export function list<Value>(of: Shape<Value>, least = 0, first: Shape<Value> = of): Shape<readonly Value[]> {
  return { kind: 'list', of, first, least };
}

/** A table with these keys and no others; those in `needed` must be there. */
export function table<Keys extends Record<string, Shape>, Needed extends keyof Keys & string = never>(
  keys: Keys,
  ...needed: Needed[]
): Shape<{ readonly [Key in Needed]: Of<Keys[Key]> } & { readonly [Key in keyof Keys]?: Of<Keys[Key]> }> {
  return { kind: 'table', keys, needed };
}

/** A table whose keys are names. */
export function named<Value>(name: Shape<string>, of: Shape<Value>): Shape<Readonly<Record<string, Value>>> {
  return { kind: 'named', name, of };
}

/** True when `value` has the form of `shape`, to the last key. */
export function fits<Value>(shape: Shape<Value>, value: unknown): value is Value {
  switch (shape.kind) {
    case 'text':
      return typeof value === 'string' && shape.accepts(value);
    case 'choice':
      return typeof value === 'string' && shape.of.includes(value);
    case 'flag':
      return typeof value === 'boolean';
    case 'whole':
      return Number.isInteger(value) && (value as number) >= shape.least && (value as number) <= shape.most;
    case 'list':
      return (
        Array.isArray(value) &&
        value.length >= shape.least &&
        value.every((entry, index) => fits(index === 0 ? shape.first : shape.of, entry))
      );
    case 'table':
      return (
        isTable(value) &&
        shape.needed.every((key) => Object.hasOwn(value, key)) &&
        Object.entries(value).every(
          ([key, entry]) => Object.hasOwn(shape.keys, key) && fits(shape.keys[key] as Shape, entry),
        )
      );
    case 'named':
      return (
        isTable(value) &&
        Object.entries(value).every(([key, entry]) => fits(shape.name, key) && fits(shape.of, entry))
      );
  }
}

/** A TOML table: neither an array nor a date, which smol-toml makes objects, too. */
function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
