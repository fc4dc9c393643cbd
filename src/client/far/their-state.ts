/** What our gate answers to `zrep _state`: one line of JSON, which the other side may have made up. Pure. */

import * as z from 'zod/mini';
import type { Refused } from '../../pair/source.ts';
import { printable } from '../../printable.ts';
import { isListedName, parseDataset } from '../../zfs/names.ts';
import type { Listing, Properties } from '../../zfs/state.ts';

z.config({ jitless: true });

const NUMBER = z.string().check(z.regex(/^\d{1,20}$/));
const SOURCE = z.enum(['local', 'received', 'inherited']);
const TEXT = z.string().check(z.maxLength(1024));
const PLACE = { name: TEXT, guid: NUMBER, createtxg: NUMBER, creation: NUMBER };

const STATE = z.object({
  version: z.literal(1),
  host: TEXT,
  type: z.nullish(TEXT),
  guid: NUMBER,
  encryption: z.nullish(TEXT),
  keystatus: z.nullish(TEXT),
  // A gate of before does not say.
  referenced: z.nullish(NUMBER),
  refused: z.nullable(z.object({ code: z.string().check(z.regex(/^[a-z-]{1,64}$/)), reason: TEXT })),
  properties: z.record(z.string(), z.object({ value: z.optional(TEXT), source: SOURCE })),
  snapshots: z.array(z.object({ ...PLACE, sent: z.optional(TEXT), source: z.optional(SOURCE) })),
  bookmarks: z.array(z.object(PLACE)),
  // Only where it was asked for the tree.
  below: z.optional(
    z.array(
      z.object({
        name: z.string().check(z.regex(/^\//), z.maxLength(1024)),
        type: z.nullish(TEXT),
        guid: z.nullish(NUMBER),
        encryption: z.nullish(TEXT),
        keystatus: z.nullish(TEXT),
        snapshots: z.array(z.object(PLACE)),
      }),
    ),
  ),
});

export interface StateThere {
  readonly listing: Listing;
  readonly refused: Refused | undefined;
  /** What is below is in `listing`, too. */
  readonly isWhole: boolean;
}

/** What it says of `dataset`; undefined where it is not of that kind. */
export function parseState(text: string, dataset: string, tag: string): StateThere | undefined {
  const parsed = STATE.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const { properties, snapshots, bookmarks, below, refused, host, ...own } = parsed.data;
  const listing = new Map<string, Properties>();
  const set = (name: string, values: Readonly<Record<string, [string | null | undefined, string]>>) => {
    const known = Object.entries(values).flatMap(([property, [value, source]]) =>
      typeof value === 'string' ? [[property, { value, source }] as const] : [],
    );
    listing.set(name, new Map(known));
  };
  const native = (value: string | null | undefined): [string | null | undefined, string] => [value, '-'];
  set(dataset, {
    ...{ guid: native(own.guid), type: native(own.type), encryption: native(own.encryption) },
    ...{ keystatus: native(own.keystatus), referenced: native(own.referenced) },
    ...Object.fromEntries(
      Object.entries(properties).map(([name, { value, source }]) => [
        `${tag}:${name}`,
        [value ?? '-', source],
      ]),
    ),
  });
  for (const [sign, all] of [
    ['@', snapshots],
    ['#', bookmarks],
  ] as const)
    for (const { name, guid, createtxg, creation, ...mark } of all) {
      if (!isListedName(`${dataset}${sign}${name}`)) continue;
      const { sent, source } = { sent: undefined, source: undefined, ...mark };
      set(`${dataset}${sign}${name}`, {
        ...{ guid: native(guid), createtxg: native(createtxg), creation: native(creation) },
        [`${tag}:sent`]: [sent, source ?? 'local'],
      });
    }
  for (const { name, snapshots, ...child } of below ?? []) {
    const full = `${dataset}${name}`;
    if (parseDataset(full) === undefined) continue;
    set(full, {
      ...{ guid: native(child.guid), type: native(child.type) },
      ...{ encryption: native(child.encryption), keystatus: native(child.keystatus) },
    });
    for (const { name, guid, createtxg, creation } of snapshots)
      if (isListedName(`${full}@${name}`))
        set(`${full}@${name}`, {
          ...{ guid: native(guid), createtxg: native(createtxg), creation: native(creation) },
        });
  }
  return {
    isWhole: below !== undefined,
    listing,
    refused: refused === null ? undefined : { ...refused, host, reason: printable(refused.reason) },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
