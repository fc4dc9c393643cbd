/**
 * How much a client may ask for, and how much stays whatever it asks: the defaults, and which of a policy's three
 * places speaks. A grant's own key goes before the `[limits]` of the file, and that before the default. Pure.
 */

import { parseSpace, parseSpan, type Space } from './amounts.ts';

/** Of one client, whatever the dataset. */
export interface ClientLimits {
  /** Commands at work at the same time. */
  readonly sessions: number;
  /** Streams among them. */
  readonly streams: number;
}

/** Of one client and one dataset. */
export interface DatasetLimits {
  /** Streams of this dataset at the same time. */
  readonly streamsPerDataset: number;
  /** Snapshots of one tag in any hour. */
  readonly snapshotsPerHour: number;
  /** Snapshots of one tag in all. */
  readonly snapshots: number;
  /** What must be free in the pool for one more snapshot. */
  readonly freeSpace: Space;
  /** For how long a stream may wait for its reader. Seconds. */
  readonly stallSeconds: number;
  /** Snapshots that expiring leaves at least: the last sent one and those before it. */
  readonly keepAtLeast: number;
  /** For how long expiring leaves a snapshot after a newer one was marked as sent. Seconds. */
  readonly keepFor: number;
  /** Whether what is streamed is kept as a bookmark, too. */
  readonly bookmarks: boolean;
}

/** The keys of a client's limits, as the policy has them. */
export interface ClientKeys {
  readonly sessions?: number;
  readonly streams?: number;
}

/** The keys of a dataset's limits, as the policy has them. */
export interface DatasetKeys {
  readonly 'streams-per-dataset'?: number;
  readonly 'snapshots-per-hour'?: number;
  readonly snapshots?: number;
  readonly 'free-space'?: string;
  readonly 'stall-seconds'?: number;
  readonly 'keep-at-least'?: number;
  readonly 'keep-for'?: string;
  readonly bookmarks?: boolean;
}

/**
 * Sane for a file system that is pulled as often as once a minute: then a week has 10,080 snapshots, all of which
 * `keep-for` keeps.
 */
const DEFAULTS: Required<ClientKeys> & Required<DatasetKeys> = {
  sessions: 16,
  streams: 4,
  'streams-per-dataset': 2,
  'snapshots-per-hour': 120,
  snapshots: 12_000,
  'free-space': '2%',
  'stall-seconds': 600,
  'keep-at-least': 5,
  'keep-for': '7 days',
  bookmarks: true,
};

/**
 * True where what expiring leaves is as much as there may be. Once there are so many, no new snapshot is ever allowed.
 */
export function fillsByFloor({ snapshots, keepAtLeast }: DatasetLimits): boolean {
  return snapshots <= keepAtLeast;
}

/** A client's limits: its own, else the file's, else the defaults. */
export function clientLimits(own: ClientKeys, file: ClientKeys): ClientLimits {
  return {
    sessions: own.sessions ?? file.sessions ?? DEFAULTS.sessions,
    streams: own.streams ?? file.streams ?? DEFAULTS.streams,
  };
}

/** A grant's limits: its own, else the file's, else the defaults; the form of each was checked with the file's. */
export function datasetLimits(own: DatasetKeys, file: DatasetKeys): DatasetLimits {
  const of = <Key extends keyof DatasetKeys>(key: Key) =>
    (own[key] ?? file[key] ?? DEFAULTS[key]) as Required<DatasetKeys>[Key];
  return {
    streamsPerDataset: of('streams-per-dataset'),
    snapshotsPerHour: of('snapshots-per-hour'),
    snapshots: of('snapshots'),
    freeSpace: parseSpace(of('free-space')) as Space,
    stallSeconds: of('stall-seconds'),
    keepAtLeast: of('keep-at-least'),
    keepFor: parseSpan(of('keep-for')) as number,
    bookmarks: of('bookmarks'),
  };
}
