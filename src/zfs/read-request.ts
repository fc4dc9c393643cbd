/** What `zfs list` and `zfs get` can be asked for here: one dataset or snapshot, and perhaps what is below. */

import type { Dataset } from './names.ts';

export type DatasetType = 'filesystem' | 'volume' | 'snapshot' | 'bookmark' | 'all';
export type GetField = 'name' | 'property' | 'value' | 'source';
export type PropertySource = 'local' | 'default' | 'inherited' | 'received' | 'temporary' | 'none';

interface ReadRequest {
  readonly dataset: Dataset;
  /** The snapshot's name where a snapshot was named, without its dataset and `@`. */
  readonly snapshot: string | undefined;
  readonly scripted: boolean;
  readonly parsable: boolean;
  /** How far down; 0 is the object itself, Infinity is `-r` without `-d`. */
  readonly depth: number;
  readonly types: readonly DatasetType[];
}

export interface ListRequest extends ReadRequest {
  readonly columns: readonly string[];
  readonly sort: readonly { readonly property: string; readonly descending: boolean }[];
}

export interface GetRequest extends ReadRequest {
  readonly fields: readonly GetField[];
  readonly sources: readonly PropertySource[];
  readonly properties: readonly string[];
}
