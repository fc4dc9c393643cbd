/**
 * How a stream is taken in: unmounted, and of its properties none that could hurt this host. Pure.
 *
 * A stream's properties are the fileserver's word. Those below would mount something over /etc, share it, fill the
 * pool, load a key from elsewhere, or change what zrep believes of the pair. `zfs receive -x` keeps a property as it
 * was, also one that an earlier stream had set (libzfs_sendrecv.c, `zfs_setup_cmdline_props`).
 */

import type { Capabilities } from '../../zfs/capabilities.ts';
import type { Tag } from '../../zfs/names.ts';

/** Of these, what volumes have not: of a volume, zfs would only complain about them. */
const OF_FILE_SYSTEMS = ['mountpoint', 'canmount', 'sharenfs', 'sharesmb', 'setuid', 'exec', 'devices'];
const OF_ALL = ['keylocation', 'reservation', 'refreservation'];

/** zrep's own properties of a file system, behind the tag. */
export const PAIR_PROPERTIES = ['src-fs', 'src-host', 'dest-fs', 'dest-host', 'savecount'] as const;
const CONTROL_PROPERTIES = [
  ...PAIR_PROPERTIES,
  'master',
  'lock-pid',
  'lock-time',
  'lastsent',
  'lastsenttime',
];

/** What is known of the dataset that receives. */
export interface Receiving {
  readonly tag: Tag;
  readonly volume: boolean;
  /** Its key comes with raw streams: there zfs allows nothing to be said about it. */
  readonly raw: boolean;
}

/** The properties that no stream may bring. */
export function excludedProperties({ tag, volume, raw }: Receiving): string[] {
  const native = [...(volume ? [] : OF_FILE_SYSTEMS), ...OF_ALL].filter(
    (name) => !(raw && name === 'keylocation'),
  );
  return [...native, ...CONTROL_PROPERTIES.map((name) => `${tag}:${name}`), 'zrep-gate:streamed'];
}

export interface ReceiveOptions {
  /** `-F`: what has changed or is in the way goes. Only where a person said so. */
  readonly force: boolean;
  /** Set on what is received, `-o`; only where `excludes` is there. */
  readonly set?: Readonly<Record<string, string>>;
  /** What comes may carry properties. Each `-x` for a stream without any costs a wait for the pool, again for each snapshot in it. */
  readonly properties: boolean;
  /** `-v`: zfs says how many bytes came. */
  readonly verbose?: boolean;
  /** `-s` where zfs can: what came of a stream that was interrupted is kept, to be resumed. */
  readonly resumable?: boolean;
}

/** `zfs receive` of a stream into `dataset`, as safely as the installed zfs can. */
export function receiveArgv(
  capabilities: Capabilities,
  dataset: string,
  receiving: Receiving,
  { force, set = {}, properties, verbose = false, resumable = true }: ReceiveOptions,
): string[] {
  const careful = capabilities.has('excludes');
  const excluded =
    careful && properties ? excludedProperties(receiving).filter((name) => set[name] === undefined) : [];
  return [
    'receive',
    ...(careful ? ['-u'] : []),
    ...(resumable && capabilities.has('resume') ? ['-s'] : []),
    ...(verbose ? ['-v'] : []),
    ...(force ? ['-F'] : []),
    ...(careful ? Object.entries(set).flatMap(([name, value]) => ['-o', `${name}=${value}`]) : []),
    ...excluded.flatMap((name) => ['-x', name]),
    dataset,
  ];
}

/** Gives up what a stream that was cut off has left. */
export function abandonArgv(dataset: string): string[] {
  return ['receive', '-A', dataset];
}
