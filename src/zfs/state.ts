/** What `readStateArgv` printed, as values: a dataset's properties and its snapshots. Pure. */

interface Property {
  readonly value: string;
  /** `local`, `inherited from …`, `received`, or `-`. */
  readonly source: string;
}

export type Properties = ReadonlyMap<string, Property>;

/** name → its properties, in zfs's order. */
export type Listing = ReadonlyMap<string, Properties>;

/** The lines of `zfs get -Hp -o name,property,value,source`: tab-separated, one property each. */
export function parseListing(text: string): Listing {
  const listing = new Map<string, Map<string, Property>>();
  for (const line of text.split('\n')) {
    const [name, property, value, source] = line.split('\t');
    if (name === undefined || property === undefined || value === undefined || source === undefined) continue;
    const properties = listing.get(name) ?? new Map<string, Property>();
    properties.set(property, { value, source });
    listing.set(name, properties);
  }
  return listing;
}

/** The value as zrep reads it with `-s local`: undefined unless it was set on this very object. */
export function localValue(properties: Properties | undefined, property: string): string | undefined {
  const found = properties?.get(property);
  return found?.source === 'local' ? found.value : undefined;
}

/** The value from wherever it comes; undefined when there is none. */
export function anyValue(properties: Properties | undefined, property: string): string | undefined {
  const value = properties?.get(property)?.value;
  return value === '-' ? undefined : value;
}
