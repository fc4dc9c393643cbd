/**
 * What a client can ask for: one member per operation, and nothing a member cannot hold.
 *
 * Every value here was made by parse.ts out of the client's bytes; from here on nobody splits or checks a
 * string again. What runs is printed from these values.
 */

import type { Dataset, Guid, HostName, Tag, ZrepSnapshot } from '../zfs/names.ts';
import type { GetRequest, ListRequest } from '../zfs/read-request.ts';
import type { ResumeToken } from '../zfs/resume-token.ts';
import type { DryRun, SendFlag } from '../zfs/send-flags.ts';

export type Operation =
  | Snaponly
  | Init
  | Uninit
  | Pull
  | Refreshcomplete
  | Expire
  | State
  | List
  | Get
  | Send;

/** `zrep snaponly DATASET`: make the next snapshot and print its name. */
export interface Snaponly {
  readonly kind: 'snaponly';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly recursive: boolean;
}

/** `zrep _init DATASET DESTHOST DESTFS SAVECOUNT`: make it the source of a pair, and print its newest snapshot's name. */
export interface Init {
  readonly kind: 'init';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly recursive: boolean;
  readonly destHost: HostName;
  readonly destFs: Dataset;
  readonly savecount: number;
}

/** `zrep _uninit DATASET DESTHOST DESTFS`: take back what `_init` with the same words did, as long as no stream ended well. */
export interface Uninit {
  readonly kind: 'uninit';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly recursive: boolean;
  readonly destHost: HostName;
  readonly destFs: Dataset;
}

/**
 * `zrep _refreshpull DATASET@TAG_hhhhhh [TOKEN|from=GUID]`: stream from the last sent snapshot to this one; or
 * `_initpull DATASET@TAG_hhhhhh [TOKEN]`: all of it, as long as none was sent.
 */
export interface Pull {
  readonly kind: 'refreshpull' | 'initpull';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly snapshot: ZrepSnapshot;
  readonly recursive: boolean;
  readonly token: ResumeToken | undefined;
  /** The GUID of the snapshot or bookmark that a refresh begins with. Absent where that is the last sent one. */
  readonly from?: Guid;
}

/** `zrep _refreshcomplete DATASET@TAG_hhhhhh TAG:sent=SECONDS [expire]`: the client has received the snapshot. */
export interface Refreshcomplete {
  readonly kind: 'refreshcomplete';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly snapshot: ZrepSnapshot;
  /** Epoch seconds, taken by the client before the transfer began. */
  readonly sent: number;
  /** What `zrep expire -L` would do is to be done in the same change, if it can be. Our client's own. */
  readonly expire?: true;
}

/** `zrep expire -L DATASET`: destroy the oldest snapshots beyond the save count. */
export interface Expire {
  readonly kind: 'expire';
  readonly dataset: Dataset;
  readonly tag: Tag;
}

/** `zrep [-R] _state DATASET`: print what tells how a pair, with -R of a whole tree, stands on this side, as one line of JSON. */
export interface State {
  readonly kind: 'state';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly recursive: boolean;
}

/** `zfs list ...` of one dataset or snapshot. */
export interface List extends ListRequest {
  readonly kind: 'list';
}

/** `zfs get ...` of one dataset or snapshot. */
export interface Get extends GetRequest {
  readonly kind: 'get';
}

/** `zfs send [-nP|-nvP] [FLAGS] [-i|-I BASE] DATASET@TAG_hhhhhh`. */
export interface Send {
  readonly kind: 'send';
  readonly dataset: Dataset;
  readonly tag: Tag;
  readonly snapshot: ZrepSnapshot;
  readonly base: { readonly through: '-i' | '-I'; readonly snapshot: ZrepSnapshot } | undefined;
  readonly flags: readonly SendFlag[];
  /** Absent where the stream itself is asked for. */
  readonly dryRun?: DryRun;
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

export function isPull(operation: Operation): operation is Pull {
  return operation.kind === 'refreshpull' || operation.kind === 'initpull';
}

/** What a session answers: no stream, and nothing that walks to what is below. */
export function isShort(operation: Operation): boolean {
  switch (operation.kind) {
    case 'snaponly':
    case 'init':
    case 'uninit':
    case 'refreshcomplete':
    case 'expire':
      return true;
    case 'state':
      return !operation.recursive;
    case 'list':
    case 'get':
      return operation.depth === 0;
    case 'send':
      return operation.dryRun !== undefined;
    case 'refreshpull':
    case 'initpull':
      return false;
  }
}
