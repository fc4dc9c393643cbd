/**
 * What a stream says of itself at its head, and whether that was asked for. Pure.
 *
 * Without properties and children, which are only in a package with a list, a stream can do no more than bring a snapshot's
 * files: that is always let in. A list is let in where a person asked for it, and where the zfs on this host can leave out
 * of it what could hurt (receive.ts).
 */

import { printable, printableWithin, quote } from '../../printable.ts';
import type { Begin } from '../../zfs/stream-head.ts';
import type { NvTree } from '../../zfs/xdr-nvlist.ts';

/** Bytes of a list that are read: it passes through here. A tree's can be as large as libzfs lets it be (libzfs_max_nvlist). */
const [MOST, MOST_OF_TREE] = [1 << 20, 1 << 26];

export interface Head {
  readonly begin: Begin;
  /** What is in the list of a package; `broken` where it is none, undefined where there is none. */
  readonly list: NvTree | 'broken' | undefined;
}

/** The snapshot behind the @ that a package with a list begins with; undefined for anything else. */
export function packageBase({ list }: Head): string | undefined {
  const from = isTree(list) ? list.get('fromsnap') : undefined;
  return typeof from === 'string' ? from : undefined;
}

/** What a person has asked for. */
export interface Asked {
  /** Of the far side. */
  readonly source: string;
  /** DATASET@SNAPSHOT; undefined where a token says which one comes. */
  readonly snapshot: string | undefined;
  readonly recursive: boolean;
  readonly properties: boolean;
  readonly holds: boolean;
  /** The zfs here can leave properties out. */
  readonly excludes: boolean;
}

/** Why a stream that begins so is not even read on; undefined when it is. */
export function judgeBegin(begin: Begin, { snapshot, source, recursive }: Asked): string | undefined {
  const { toname } = begin;
  if (snapshot === undefined ? datasetOf(begin) !== source : toname !== snapshot)
    return `is of ${quote(toname)}, and ${snapshot ?? `a snapshot of ${source}`} was asked for`;
  return judgeSize(begin, recursive ? MOST_OF_TREE : MOST);
}

function judgeSize({ payload }: Begin, most: number): string | undefined {
  return payload <= most
    ? undefined
    : `says that its head has ${payload} bytes, of which at most ${most} are read`;
}

/** Why a stream that begins with `head` is not let in, as what it is; undefined when it is. */
export function judgeHead({ begin, list }: Head, asked: Asked): string | undefined {
  if (list === undefined) return undefined;
  if (list === 'broken') return 'has a list of file systems that cannot be read';
  const contents = contentsOf(list);
  if (contents === undefined) return 'has a list of file systems that is not as zfs makes it';
  return (
    judgeRecursion(contents, asked) ??
    judgeProperties(contents, asked) ??
    judgeHolds(begin, contents, asked) ??
    (list.get('raw') === true ? judgeKeys(contents) : undefined)
  );
}

interface Contents {
  /** zfs receive takes it for a tree: renames and destroys what the list says. */
  readonly recursive: boolean;
  readonly datasets: readonly string[];
  /** Names of what is set on file systems and snapshots. */
  readonly properties: readonly string[];
  /** Where a key would be looked for; a prompt is nowhere. */
  readonly keys: readonly string[];
  readonly holds: boolean;
}

/** Of a package's list (libzfs_sendrecv.c, `send_prelim_records`, `send_iterate_fs`). */
function contentsOf(list: NvTree): Contents | undefined {
  const fss = list.get('fss');
  if (!isTree(fss) || fss.size === 0) return undefined;
  const [datasets, properties, keys]: [string[], Set<string>, string[]] = [[], new Set(), []];
  let holds = false;
  for (const fs of fss.values()) {
    const name = isTree(fs) ? fs.get('name') : undefined;
    if (!isTree(fs) || typeof name !== 'string') return undefined;
    datasets.push(name);
    const [own, ofSnapshots = new Map()] = [fs.get('props') ?? new Map(), fs.get('snapprops')];
    if (!isTree(own) || !isTree(ofSnapshots)) return undefined;
    for (const property of own.keys()) properties.add(property);
    const key = own.get('keylocation');
    if (key !== undefined && key !== 'prompt') keys.push(String(key));
    for (const snapshot of ofSnapshots.values()) {
      if (!isTree(snapshot)) return undefined;
      for (const property of snapshot.keys()) properties.add(property);
    }
    holds ||= fs.has('snapholds');
  }
  return {
    recursive: list.get('not_recursive') !== true,
    datasets,
    properties: [...properties],
    keys,
    holds,
  };
}

function judgeRecursion({ recursive, datasets }: Contents, asked: Asked): string | undefined {
  if (asked.recursive || (!recursive && datasets.length === 1)) return undefined;
  const meant = asked.excludes
    ? `If that is meant: zrep -R refresh; otherwise have -R taken out of what is sent there`
    : 'Have -R taken out of what is sent there';
  return `is recursive, and nobody asked for that: it is of ${some(datasets)}. ${meant} (ZREP_SEND_FLAGS, ZREP_R; send-flags in the policy of a gate)`;
}

/** A package with a list that has no property in it is one with properties all the same: zfs would take the old ones away. */
function judgeProperties({ properties }: Contents, asked: Asked): string | undefined {
  const carried = properties.length === 0 ? 'an empty list' : some(harmfulFirst(properties));
  const remove = `Have -p taken out of what is sent there (ZREP_SEND_FLAGS; send-flags in the policy of a gate)`;
  if (!asked.excludes)
    return `carries properties (${carried}), and the zfs on this host cannot leave out those that could hurt (zfs receive -x). ${remove}`;
  if (asked.recursive || asked.properties) return undefined;
  return `carries properties (${carried}), and nobody asked for them. ${remove}; or, if they are meant, set ZREP_SEND_FLAGS=-p on this host too`;
}

function judgeHolds(begin: Begin, { holds }: Contents, asked: Asked): string | undefined {
  if (asked.holds || (!holds && !begin.holds)) return undefined;
  return `carries holds, which keep snapshots here from being expired, and nobody asked for them. Have -h taken out of what is sent there; or, if they are meant, set ZREP_SEND_FLAGS="-p -h" on this host too`;
}

/** libzfs_sendrecv.c, `zfs_setup_cmdline_props`: "cannot be set or excluded for raw streams". */
function judgeKeys({ keys }: Contents): string | undefined {
  if (keys.length === 0) return undefined;
  return `is raw and carries keylocation (${some(keys)}), which zfs lets nobody leave out of a raw stream: a key would be looked for there. Refresh each file system by itself, without -R and -p; such streams carry none`;
}

/** Why a stream within a package without a list is not let in; undefined when it is one more of the same file system. */
export function judgePart(whole: Begin, part: Begin): string | undefined {
  if (part.package) return 'has another package of streams inside, and nobody asked for that';
  if (datasetOf(part) !== datasetOf(whole))
    return `has a stream of ${quote(part.toname)} inside, and nobody asked for that`;
  return judgeSize(part, MOST);
}

/**
 * GUIDs of the snapshots that the stream goes on from, by what is behind `source` in the name of each file system: '' for itself. Empty
 * where the stream does not say.
 */
export function basesOf({ begin, list }: Head, source: string): ReadonlyMap<string, string> {
  if (!begin.package) return new Map(begin.fromguid === '0' ? [] : [['', begin.fromguid]]);
  const [from, fss] = isTree(list) ? [list.get('fromsnap'), list.get('fss')] : [];
  const found = new Map<string, string>();
  if (typeof from !== 'string' || !isTree(fss)) return found;
  for (const fs of fss.values()) {
    const [name, snaps] = isTree(fs) ? [fs.get('name'), fs.get('snaps')] : [];
    const guid = isTree(snaps) ? snaps.get(from) : undefined;
    if (typeof name !== 'string' || typeof guid !== 'bigint') continue;
    if (name === source || name.startsWith(`${source}/`)) found.set(name.slice(source.length), String(guid));
  }
  return found;
}

/**
 * True where zfs receive may change properties: only a package with a list has any. An empty list, too: zfs then takes away what an
 * earlier stream has brought.
 */
export function carriesProperties({ list }: Head): boolean {
  return list !== undefined;
}

/** True where the files come as they are on disk, with what they were encrypted by. */
export function isRaw({ begin, list }: Head): boolean {
  return begin.raw || (isTree(list) && list.get('raw') === true);
}

function datasetOf({ toname }: Begin): string {
  return toname.slice(0, toname.indexOf('@'));
}

/** For what begins otherwise than a stream: a message, say. */
export function describeText(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  const why = /unrecognized zrep subcommand|^zrep v?[0-9.]+[ :]/m.test(text)
    ? 'So does a zrep that does not know what it was asked for: zrep 2.0 or zrep-gate is needed there'
    : 'A banner of a login shell does this, a filter that only one side has (ZREP_OUTFILTER, ZREP_INFILTER), or one that does not end well';
  return `is no stream of zfs send, but begins with "${printableWithin(text.trim(), 200)}". ${why}`;
}

/** The first of them, and how many there are. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => printable(name.slice(0, 100)));
  return shown.join(', ') + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}

/** zfs's own in front of those that people and programs have made. */
function harmfulFirst(properties: readonly string[]): string[] {
  return [...properties].sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
}

function isTree(value: unknown): value is NvTree {
  return value instanceof Map;
}
