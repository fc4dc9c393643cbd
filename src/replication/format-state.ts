/**
 * The answer to `zrep _state`, from what zfs said: one line of JSON, printable ASCII. Pure.
 *
 * It names the dataset, and what stands behind its `@` and `#`; where the tree was asked for, what stands behind its `/`; nothing else that was listed. An inherited value can name the
 * parent's pair, so only that it is inherited gets out.
 */

import type { Refusal } from '../refusal.ts';
import type { Tag } from '../zfs/names.ts';
import { anyValue, type Listing, type Properties } from '../zfs/state.ts';
import { datasetsBelow } from './snapshots.ts';

/** zrep's properties of a dataset, behind the tag. */
export const STATE_PROPERTIES = [
  'master',
  'src-fs',
  'src-host',
  'dest-fs',
  'dest-host',
  'savecount',
  'lastsent',
] as const;

/** GUIDs and transaction groups are digits in strings: they can be larger than a number holds. */
export interface DatasetState {
  readonly version: 1;
  /** zrep's name of this host. */
  readonly host: string;
  readonly dataset: string;
  readonly tag: string;
  /** `filesystem` or `volume`. */
  readonly type: string | null;
  readonly guid: string | null;
  /** As zfs says it; null where there is none, or zfs knows no encryption. */
  readonly encryption: string | null;
  readonly keystatus: string | null;
  /** Bytes, without what only snapshots have: about what a first stream carries. */
  readonly referenced: string | null;
  /** What a refresh would be refused with now. */
  readonly refused: { readonly code: string; readonly reason: string } | null;
  /** Those that are set, behind the tag. */
  readonly properties: Readonly<Partial<Record<(typeof STATE_PROPERTIES)[number], PropertyState>>>;
  /** All of the dataset's own, whoever made them, oldest first. */
  readonly snapshots: readonly SnapshotState[];
  readonly bookmarks: readonly PointState[];
  /** What is below, where that was asked: file systems and volumes, in zfs's own order. */
  readonly below?: readonly BelowState[];
}

interface BelowState {
  /** What stands behind the dataset's name: `/alice`. */
  readonly name: string;
  readonly type: string | null;
  readonly guid: string | null;
  readonly encryption: string | null;
  readonly keystatus: string | null;
  /** All of its own, oldest first. */
  readonly snapshots: readonly PointState[];
}

/** Without a value where it is inherited. */
interface PropertyState {
  readonly value?: string;
  readonly source: 'local' | 'received' | 'inherited';
}

interface PointState {
  /** What stands behind the `@` or `#`. */
  readonly name: string;
  readonly guid: string;
  readonly createtxg: string;
  /** Epoch seconds. */
  readonly creation: string;
}

/** With TAG:sent, where that is the snapshot's own. */
interface SnapshotState extends PointState {
  readonly sent?: string;
  readonly source?: 'local' | 'received';
}

export function describeState(
  listing: Listing,
  dataset: string,
  tag: Tag,
  host: string,
  refused: Refusal | undefined,
): DatasetState {
  const own = listing.get(dataset);
  const native = (name: string) => anyValue(own, name) ?? null;
  const properties = STATE_PROPERTIES.flatMap((name) => {
    const found = describeProperty(own, `${tag}:${name}`);
    return found ? [[name, found] as const] : [];
  });
  return {
    version: 1,
    host,
    dataset,
    tag,
    type: native('type'),
    guid: native('guid'),
    encryption: native('encryption'),
    keystatus: native('keystatus'),
    referenced: native('referenced'),
    refused: refused ? { code: refused.refused, reason: refused.reason } : null,
    properties: Object.fromEntries(properties),
    snapshots: points(listing, `${dataset}@`).map(([point, own]) => ({ ...point, ...mark(own, tag) })),
    bookmarks: points(listing, `${dataset}#`).map(([point]) => point),
  };
}

export function describeBelow(listing: Listing, dataset: string): BelowState[] {
  const snapshots = new Map<string, Map<string, Properties>>();
  for (const [name, own] of listing) {
    const [of = ''] = name.split('@');
    if (of === name) continue;
    const others = snapshots.get(of) ?? new Map<string, Properties>();
    snapshots.set(of, others.set(name, own));
  }
  return datasetsBelow(listing, dataset).map((name) => {
    const native = (property: string) => anyValue(listing.get(name), property) ?? null;
    return {
      name: name.slice(dataset.length),
      type: native('type'),
      guid: native('guid'),
      encryption: native('encryption'),
      keystatus: native('keystatus'),
      snapshots: points(snapshots.get(name) ?? new Map(), `${name}@`).map(([point]) => point),
    };
  });
}

/** With a newline at its end. */
export function formatState(state: DatasetState): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(state).replace(/[^\x20-\x7e]/g, escaped)}\n`;
}

/** What is listed behind `prefix`, in the order of createtxg. */
function points(listing: Listing, prefix: string): [PointState, Properties][] {
  return [...listing]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, own]): [PointState, Properties] => {
      const [guid = '', createtxg = '', creation = ''] = ['guid', 'createtxg', 'creation'].map((property) =>
        anyValue(own, property),
      );
      return [{ name: name.slice(prefix.length), guid, createtxg, creation }, own];
    })
    .sort(([a], [b]) => Number(a.createtxg) - Number(b.createtxg));
}

function mark(own: Properties, tag: Tag): Pick<SnapshotState, 'sent' | 'source'> {
  const found = describeProperty(own, `${tag}:sent`);
  return found?.value === undefined || found.source === 'inherited'
    ? {}
    : { sent: found.value, source: found.source };
}

function describeProperty(own: Properties | undefined, property: string): PropertyState | undefined {
  const found = own?.get(property);
  if (found?.source === 'local' || found?.source === 'received')
    return { value: found.value, source: found.source };
  return found?.source.startsWith('inherited') ? { source: 'inherited' } : undefined;
}
