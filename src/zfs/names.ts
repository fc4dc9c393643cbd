/**
 * The names of ZFS and zrep, as types that cannot hold nonsense.
 *
 * Rules: OpenZFS module/zcommon/zfs_namecheck.c (`entity_namecheck`, `pool_namecheck`), narrowed: no `%` (internal names
 * such as tank/fs/%recv), and in what zrep handles no blanks (stock zrep's shell cannot handle them either). Snapshots of
 * zrep are TAG_ and six lower-case hexadecimal digits.
 */

declare const brand: unique symbol;
type Branded<Kind extends string> = string & { readonly [brand]: Kind };

/** A file system or volume that zrep can handle: `tank/home`, without blanks. */
export type Dataset = Branded<'Dataset'>;

/** Any that zfs lists, also with blanks: `tank/My Files`. It may go into an argv, but never into a command for a shell. */
export type ListedDataset = Branded<'Dataset' | 'ListedDataset'>;

/** A zrep tag: the prefix of snapshots and properties; `zrep` unless somebody chose another. */
export type Tag = Branded<'Tag'>;

/** What zrep calls a host: `[user@]name`. */
export type HostName = Branded<'HostName'>;

/** What a snapshot or bookmark is known by whatever its name: an unsigned 64-bit number, in decimal. */
export type Guid = Branded<'Guid'>;

/** A snapshot that zrep made: DATASET@TAG_hhhhhh. */
export interface ZrepSnapshot {
  readonly dataset: Dataset;
  readonly tag: Tag;
  /** The number behind the tag, 0 to 0xffffff. */
  readonly sequence: number;
}

/** zfs_namecheck.c: ZFS_MAX_DATASET_NAME_LEN, with its NUL. */
export const MAXIMUM_NAME = 255;
export const MAXIMUM_SEQUENCE = 0xffffff;

const COMPONENT = /^[A-Za-z0-9_.:-]+$/;
const LISTED_COMPONENT = /^[A-Za-z0-9_.: -]+$/;
const LISTED_POOL = /^[A-Za-z][A-Za-z0-9_.: -]*$/;

// Lower case only, since TAG:sent must be a user property (zfs_prop.c, valid_char) as well as a snapshot's name.
const TAG = /^[a-z0-9][a-z0-9_.:-]{0,63}$/;

export function parseListedDataset(text: string): ListedDataset | undefined {
  if (text.length > MAXIMUM_NAME) return undefined;
  const [pool = '', ...components] = text.split('/');
  const isComponent = (part: string) => LISTED_COMPONENT.test(part) && part !== '.' && part !== '..';
  return LISTED_POOL.test(pool) && components.every(isComponent) ? (text as ListedDataset) : undefined;
}

export function parseDataset(text: string): Dataset | undefined {
  const listed = parseListedDataset(text);
  return listed?.includes(' ') ? undefined : (listed as Dataset | undefined);
}

export function parseTag(text: string): Tag | undefined {
  return TAG.test(text) ? (text as Tag) : undefined;
}

/** Without leading zeros: one spelling each, the one that zfs prints. */
const GUID = /^[1-9][0-9]{0,19}$/;
const LARGEST_GUID = 2n ** 64n - 1n;

export function parseGuid(text: string): Guid | undefined {
  return GUID.test(text) && BigInt(text) <= LARGEST_GUID ? (text as Guid) : undefined;
}

/** Only what means nothing to a shell, and to ssh no option: a stock zrep hands it to both. */
const HOST = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9_.-]*$/;

export function parseHostName(text: string): HostName | undefined {
  return text.length <= 255 && HOST.test(text) ? (text as HostName) : undefined;
}

/** DATASET@NAME for any snapshot; undefined when it isn't one. */
export function parseSnapshot(text: string): { dataset: Dataset; name: string } | undefined {
  if (text.length > MAXIMUM_NAME) return undefined;
  const at = text.indexOf('@');
  if (at < 0) return undefined;
  const dataset = parseDataset(text.slice(0, at));
  const name = text.slice(at + 1);
  return dataset !== undefined && COMPONENT.test(name) ? { dataset, name } : undefined;
}

/** DATASET@NAME for any snapshot that zfs can list, with blanks in either name. */
export function parseListedSnapshot(text: string): { dataset: ListedDataset; name: string } | undefined {
  const [, before = '', name = ''] = /^([^@]+)@(.+)$/.exec(text) ?? [];
  const dataset = text.length > MAXIMUM_NAME ? undefined : parseListedDataset(before);
  return dataset !== undefined && LISTED_COMPONENT.test(name) ? { dataset, name } : undefined;
}

/**
 * DATASET@NAME or DATASET#NAME as zfs can list it: others give their snapshots names with blanks. For comparing and showing; what
 * goes into a command is `parseSnapshot`'s.
 */
export function isListedName(text: string): boolean {
  const [, dataset = '', name = ''] = /^([^@#]+)[@#](.+)$/.exec(text) ?? [];
  return text.length <= MAXIMUM_NAME && parseDataset(dataset) !== undefined && LISTED_COMPONENT.test(name);
}

/** DATASET@TAG_hhhhhh exactly: the tag is what stands before the last underscore. */
export function parseZrepSnapshot(text: string): ZrepSnapshot | undefined {
  const snapshot = parseSnapshot(text);
  const match = snapshot && /^(.+)_([0-9a-f]{6})$/.exec(snapshot.name);
  const tag = match && parseTag(match[1] as string);
  if (!tag) return undefined;
  return { dataset: snapshot.dataset, tag, sequence: Number.parseInt(match[2] as string, 16) };
}

export function formatZrepSnapshot({ dataset, tag, sequence }: ZrepSnapshot): string {
  return `${dataset}@${tag}_${sequence.toString(16).padStart(6, '0')}`;
}

/** True when `dataset` lies strictly below `ancestor`, compared component by component. */
export function isBelow(dataset: string, ancestor: string): boolean {
  return dataset.startsWith(`${ancestor}/`);
}
