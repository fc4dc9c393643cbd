/**
 * What zfs is asked, as argv behind the binary's name, from values that were checked when they were made.
 *
 * The gate runs these, and `explain` prints them: there is no other place where a zfs command line is made.
 * Options come first. Where only ZFS knows a name, `explain` passes a placeholder such as `<latest>`.
 */

import type { Capabilities } from './capabilities.ts';
import type { GetRequest, ListRequest } from './read-request.ts';
import type { DryRun, SendFlag } from './send-flags.ts';

/** The columns of `readState`, in the order in which state.ts reads them. */
const STATE_FIELDS = 'name,property,value,source';

/** Values of zfs's own making, which have no line break: numbers and words. */
const PLAIN =
  /^(?:type|guid|createtxg|creation|userrefs|written|referenced|used|available|keystatus|receive_resume_token)$/;

/**
 * `properties`, each once, and one of zfs's own making last: its line ends what zfs prints of a name. So a line break in a value, which a stream
 * can bring, cannot add names (zfs/state.ts).
 */
function asked(properties: readonly string[]): string {
  const each = [...new Set(properties)];
  const last = each.at(-1) ?? '';
  return (last === 'all' || PLAIN.test(last) ? each : [...each.filter((one) => one !== 'type'), 'type']).join(
    ',',
  );
}

/**
 * Every property in `properties` of a dataset and its snapshots. One process on both zfs-fuse and OpenZFS;
 * without `-t`, which zfs-fuse lacks, depth 1 brings the child datasets too; who reads it drops them.
 */
export function readStateArgv(dataset: string, properties: readonly string[], depth: number): string[] {
  const depthWords = Number.isFinite(depth) ? ['-d', String(depth)] : [];
  return ['get', '-Hp', '-r', ...depthWords, '-o', STATE_FIELDS, asked(properties), dataset];
}

/** Every property in `properties` of each of these datasets and snapshots, and of nothing below them. */
export function readPropertiesArgv(targets: readonly string[], properties: readonly string[]): string[] {
  return ['get', '-Hp', '-o', STATE_FIELDS, asked(properties), ...new Set(targets)];
}

/**
 * The same datasets, each once, in groups that can be asked for with what is right below them (-d 1): asked for two of which one is right below the
 * other, zfs-fuse prints that one twice, and a listing with a name that comes twice is not believed. Pure.
 */
export function apart(datasets: readonly string[]): string[][] {
  const all = new Set(datasets);
  const isInside = (name: string) => all.has(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
  if (![...all].some(isInside)) return [[...all]];
  const isEven = (name: string) => name.split('/').length % 2 === 0;
  return [true, false]
    .map((even) => [...all].filter((name) => isEven(name) === even))
    .filter((group) => group.length > 0);
}

/** The same of a dataset and all datasets below it; only for a zfs that knows `-t`. */
export function readTreeArgv(dataset: string, properties: readonly string[]): string[] {
  return ['get', '-Hp', '-r', '-t', 'filesystem,volume', '-o', STATE_FIELDS, asked(properties), dataset];
}

/** Properties of every file system and volume there is; where zfs does not know `-t`, of their snapshots as well. */
export function allPropertiesArgv(capabilities: Capabilities, properties: readonly string[]): string[] {
  const types = capabilities.has('resume') ? ['-t', 'filesystem,volume'] : [];
  return ['get', '-Hp', ...types, '-o', STATE_FIELDS, asked(properties)];
}

/** Properties of the snapshots of each of these datasets, in one call; where zfs does not know `-t`, of datasets as well, in two at the most. */
export function readSnapshotsArgvs(
  capabilities: Capabilities,
  datasets: readonly string[],
  properties: readonly string[],
): string[][] {
  const [types, groups] = capabilities.has('resume')
    ? [['-t', 'snapshot'], [datasets]]
    : [[], apart(datasets)];
  const words = ['get', '-Hp', '-r', '-d', '1', ...types, '-o', STATE_FIELDS, asked(properties)];
  return groups.map((group) => [...words, ...group]);
}

/** Which properties are set on a dataset and on all that is below it: `NAME PROPERTY`, a line each. Without the values, which can hold line breaks. */
export function setBelowArgv(dataset: string): string[] {
  return ['get', '-H', '-r', '-s', 'local', '-o', 'name,property', 'all', dataset];
}

/** What was set on a dataset, there or by a stream, in zfs's own order. */
export function setPropertiesArgv(dataset: string): string[] {
  return ['get', '-H', '-o', 'property,value', '-s', 'local,received', 'all', dataset];
}

/** The snapshots of a dataset and of what is below it, and when they were made: a table for people. */
export function listSnapshotsArgv(dataset: string): string[] {
  return ['list', '-r', '-t', 'snapshot', '-o', 'name,creation', dataset];
}

/** The name of every file system there is, a line each. */
export function fileSystemsArgv(): string[] {
  return ['list', '-H', '-o', 'name', '-t', 'filesystem'];
}

/** The locally set value of one property. */
export function readLocalArgv(target: string, property: string): string[] {
  return ['get', '-H', '-o', 'value', '-s', 'local', property, target];
}

/** When a snapshot was made, as zfs shows it to people. */
export function creationArgv(snapshot: string): string[] {
  return ['get', '-H', '-o', 'value', 'creation', snapshot];
}

/** Fails, naming it, when there is no such dataset. */
export function existsArgv(dataset: string): string[] {
  return ['list', '-H', '-o', 'name', dataset];
}

/** How many bytes were written to `dataset` since its snapshot of that name. */
export function writtenArgv(dataset: string, name: string): string[] {
  return ['get', '-Hp', '-o', 'value', `written@${name}`, dataset];
}

/** The same, and for each dataset below it, since its own of that name. */
export function writtenBelowArgv(dataset: string, name: string): string[] {
  return ['get', '-Hp', '-r', '-t', 'filesystem,volume', '-o', 'value', `written@${name}`, dataset];
}

/** What has changed since, a file a line. */
export function diffArgv(snapshot: string): string[] {
  return ['diff', '-H', snapshot];
}

/** Sets properties of one dataset or snapshot, all at once; more than one needs the capability `batches`. */
export function setArgv(target: string, values: Readonly<Record<string, string>>): string[] {
  return ['set', ...Object.entries(values).map(([property, value]) => `${property}=${value}`), target];
}

/** The same in as many calls as the installed zfs needs: one where it `batches`, otherwise one a property. */
export function setArgvs(
  capabilities: Capabilities,
  target: string,
  values: Readonly<Record<string, string>>,
): string[][] {
  if (capabilities.has('batches')) return [setArgv(target, values)];
  return Object.entries(values).map(([property, value]) => setArgv(target, { [property]: value }));
}

/** One property; zfs inherit takes no second (cmd/zfs/zfs_main.c, `zfs_do_inherit`). */
export function inheritArgv(target: string, property: string): string[] {
  return ['inherit', property, target];
}

/** `set`: properties that the snapshot has from its first moment, each of them where `recursive`. */
export function snapshotArgv(
  snapshot: string,
  recursive: boolean,
  set: Readonly<Record<string, string>> = {},
): string[] {
  const options = Object.entries(set).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['snapshot', ...(recursive ? ['-r'] : []), ...options, snapshot];
}

/** Another name for a file system, and all that is below it. */
export function renameArgv(dataset: string, name: string): string[] {
  return ['rename', dataset, name];
}

/** Another name behind the @; `recursive` for those of the file systems below as well. */
export function renameSnapshotArgv(snapshot: string, name: string, recursive: boolean): string[] {
  const [dataset = ''] = snapshot.split('@');
  return ['rename', ...(recursive ? ['-r'] : []), snapshot, `${dataset}@${name}`];
}

export function mountArgv(dataset: string): string[] {
  return ['mount', dataset];
}

/** Gives up what has changed since; zfs refuses where a snapshot or a bookmark is newer. */
export function plainRollbackArgv(snapshot: string): string[] {
  return ['rollback', snapshot];
}

/** Gives up what has changed since, and newer snapshots. */
export function rollbackArgv(snapshot: string): string[] {
  return ['rollback', '-r', snapshot];
}

/**
 * Snapshots of one dataset, never with -r or -R: what else goes is decided here, not by zfs. More than one name
 * needs the capability `batches`.
 *
 * @throws Error for a name with a comma or a `%`, which zfs would take for several, or for a range.
 */
export function destroyArgv(dataset: string, names: readonly string[]): string[] {
  const [strange] = names.filter((name) => /[,%]/.test(name));
  if (strange !== undefined) throw new Error(`"${strange}" is not the name of one snapshot`);
  return ['destroy', `${dataset}@${names.join(',')}`];
}

/** Makes the bookmark `name`, DATASET#NAME, of `snapshot`. Needs the capability `bookmarks`. */
export function bookmarkArgv(snapshot: string, name: string): string[] {
  return ['bookmark', snapshot, name];
}

/** One bookmark, DATASET#NAME: zfs destroy takes no second. */
export function destroyBookmarkArgv(name: string): string[] {
  return ['destroy', name];
}

/** What that would bring, and nothing done; for programs to read. Needs the capability `batches`. */
export function destroyDryRunArgv(dataset: string, names: readonly string[]): string[] {
  return ['destroy', '-nvp', `${dataset}@${names.join(',')}`];
}

export interface SendBase {
  readonly through: '-i' | '-I';
  readonly snapshot: string;
}

export function sendArgv(flags: readonly SendFlag[], base: SendBase | undefined, snapshot: string): string[] {
  return [
    'send',
    ...flags.map((flag) => `-${flag}`),
    ...(base ? [base.through, base.snapshot] : []),
    snapshot,
  ];
}

export function resumeArgv(token: string): string[] {
  return ['send', '-t', token];
}

/** The dry run of a stream that was made here: what it would send and how many bytes, for programs to read. */
export function dryRunArgv([verb = '', ...words]: readonly string[], dryRun: DryRun = 'nP'): string[] {
  return [verb, `-${dryRun}`, ...words];
}

/** Columns are always said: by itself zfs would show the mountpoint, which is not readable through the gate. */
export function listArgv(request: ListRequest): string[] {
  const columns = request.columns.join(',') || 'name,used,available,referenced';
  const sort = request.sort.flatMap(({ property, descending }) => [descending ? '-S' : '-s', property]);
  return ['list', ...scopeWords(request), '-o', columns, ...sort, targetOf(request)];
}

/** Fields are always said: by itself zfs would show the source, which can name the parent. */
export function getArgv(request: GetRequest): string[] {
  const fields = request.fields.join(',') || 'name,property,value';
  const sources = request.sources.length > 0 ? ['-s', request.sources.join(',')] : [];
  return [
    'get',
    ...scopeWords(request),
    '-o',
    fields,
    ...sources,
    request.properties.join(','),
    targetOf(request),
  ];
}

function scopeWords({ scripted, parsable, depth, types }: ListRequest | GetRequest): string[] {
  const words: string[] = [];
  if (scripted) words.push('-H');
  if (parsable) words.push('-p');
  if (depth > 0) words.push('-r');
  if (depth > 0 && Number.isFinite(depth)) words.push('-d', String(depth));
  if (types.length > 0) words.push('-t', types.join(','));
  return words;
}

function targetOf({ dataset, snapshot }: ListRequest | GetRequest): string {
  return snapshot === undefined ? dataset : `${dataset}@${snapshot}`;
}
