/**
 * What a client can ask for: one member per operation, and nothing a member cannot hold.
 *
 * Every value here was made by parse.ts out of the client's bytes; from here on nobody splits or checks a
 * string again. What runs is printed from these values.
 */

import type { Dataset, Tag, ZrepSnapshot } from '../zfs/names.ts';
import type { ResumeToken } from '../zfs/resume-token.ts';

export type Operation = Snaponly | Refreshpull | Refreshcomplete | Expire | List | Get | Send;

/** `zrep snaponly DATASET`: make the next snapshot and print its name. */
export interface Snaponly {
  readonly kind: 'snaponly';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly recursive: boolean;
}

/** `zrep _refreshpull DATASET@TAG_hhhhhh [TOKEN]`: stream from the last sent snapshot to this one. */
export interface Refreshpull {
  readonly kind: 'refreshpull';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly snapshot: ZrepSnapshot;
  readonly recursive: boolean;
  readonly token: ResumeToken | undefined;
}

/** `zrep _refreshcomplete DATASET@TAG_hhhhhh TAG:sent=SECONDS`: the client has received the snapshot. */
export interface Refreshcomplete {
  readonly kind: 'refreshcomplete';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly snapshot: ZrepSnapshot;
  /** Epoch seconds, taken by the client before the transfer began. */
  readonly sent: number;
}

/** `zrep expire -L DATASET`: destroy the oldest snapshots beyond the save count. */
export interface Expire {
  readonly kind: 'expire';
  readonly dataset: Dataset;
  readonly tag: Tag;
}

export type DatasetType = 'filesystem' | 'volume' | 'snapshot' | 'bookmark' | 'all';

/** What `zfs list` and `zfs get` have in common. */
interface Read {
  readonly dataset: Dataset;
  /** The snapshot's name where a snapshot was named, without its dataset and `@`. */
  readonly snapshot: string | undefined;
  readonly scripted: boolean;
  readonly parsable: boolean;
  /** How far down; 0 is the object itself, Infinity is `-r` without `-d`. */
  readonly depth: number;
  readonly types: readonly DatasetType[];
}

/** `zfs list …` of one dataset or snapshot. */
export interface List extends Read {
  readonly kind: 'list';
  readonly columns: readonly string[];
  readonly sort: readonly { readonly property: string; readonly descending: boolean }[];
}

export type GetField = 'name' | 'property' | 'value' | 'source';
export type PropertySource = 'local' | 'default' | 'inherited' | 'received' | 'temporary' | 'none';

/** `zfs get …` of one dataset or snapshot. */
export interface Get extends Read {
  readonly kind: 'get';
  readonly fields: readonly GetField[];
  readonly sources: readonly PropertySource[];
  readonly properties: readonly string[];
}

/** The options of `zfs send` that a client can use, by their short names. */
export type SendFlag = 'L' | 'R' | 'b' | 'c' | 'e' | 'p' | 'w';

/** `zfs send [FLAGS] [-i|-I BASE] DATASET@TAG_hhhhhh`. */
export interface Send {
  readonly kind: 'send';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly snapshot: ZrepSnapshot;
  readonly base: { readonly through: '-i' | '-I'; readonly snapshot: ZrepSnapshot } | undefined;
  readonly flags: readonly SendFlag[];
}

/** One stage behind a `|`, as the client wrote it; the policy decides what, if anything, it stands for. */
export interface FilterRequest {
  readonly name: string;
  readonly arguments: readonly string[];
}

/** A whole command: an operation, and the filters its stream goes through. */
export interface Pipeline {
  readonly operation: Operation;
  readonly filters: readonly FilterRequest[];
}
