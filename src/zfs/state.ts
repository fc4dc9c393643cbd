/** What `readStateArgv` printed, as values: a dataset's properties and its snapshots. Pure. */

import { quote } from '../printable.ts';

interface Property {
  readonly value: string;
  /** `local`, `inherited from …`, `received`, or `-`. */
  readonly source: string;
}

export type Properties = ReadonlyMap<string, Property>;

/** name → its properties, in zfs's order. */
export type Listing = ReadonlyMap<string, Properties>;

/** Thrown where what zfs printed cannot be believed. */
export class Unreadable extends Error {}

/**
 * The lines of `zfs get -Hp -o name,property,value,source`: tab-separated, one property each.
 *
 * zfs prints values as they are, and a user property's, which a stream can bring, may hold tabs and line breaks. A tab is part of
 * the value; a line break would begin a line of the stream's own making. zfs prints all of one name together, each property once, and last a native
 * property (`readStateArgv`): so lines that are not zfs's own show by one that is none, by a property that comes twice, or by a name that does.
 *
 * @throws Unreadable when a value has a line break in it.
 */
export function parseListing(text: string): Listing {
  const listing = new Map<string, Map<string, Property>>();
  let current: string | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [name = '', property = '', ...rest] = line.split('\t');
    const source = rest.pop();
    if (source === undefined || rest.length === 0) throw unreadable(line);
    const value = rest.join('\t');
    const properties = listing.get(name) ?? new Map<string, Property>();
    if ((listing.has(name) && name !== current) || properties.has(property))
      throw unreadable(`${name} ${property}`);
    properties.set(property, { value, source });
    listing.set(name, properties);
    current = name;
  }
  return listing;
}

function unreadable(where: string): Unreadable {
  return new Unreadable(
    `a property has a line break in its value, which would be taken for what zfs says (at ${quote(where)}). Find it with zfs get -r all, and take it away: zfs inherit PROPERTY DATASET`,
  );
}

/** The value as zrep reads it with `-s local`: undefined unless it was set on this very object. */
export function localValue(properties: Properties | undefined, property: string): string | undefined {
  const found = properties?.get(property);
  return found?.source === 'local' ? found.value : undefined;
}

/** The value that belongs to the object itself: set here, or come with a stream. */
export function ownValue(properties: Properties | undefined, property: string): string | undefined {
  const found = properties?.get(property);
  return found?.source === 'local' || found?.source === 'received' ? found.value : undefined;
}

/** The value from wherever it comes; undefined when there is none. */
export function anyValue(properties: Properties | undefined, property: string): string | undefined {
  const value = properties?.get(property)?.value;
  return value === '-' ? undefined : value;
}
