/**
 * What can keep an increment from coming: one closed set, with one text for each and what mends it. Every program that is
 * asked about a pair says this, from the same values. Pure.
 */

import { printable } from '../printable.ts';
import type { TaggedSnapshot } from '../replication/snapshots.ts';
import type { Base } from './common.ts';
import type { Snapshot } from './side.ts';

export type Obstacle =
  /** The first stream has not come to its end. */
  | { readonly obstacle: 'first-stream' }
  | { readonly obstacle: 'no-common-snapshot' }
  | { readonly obstacle: 'key-not-loaded' }
  /** Both sides have made a snapshot of one name since the base. */
  | { readonly obstacle: 'parted'; readonly base: Base; readonly snapshots: readonly Snapshot[] }
  /** An older snapshot of the copy has the name of one that is to come. */
  | { readonly obstacle: 'name-taken'; readonly base: Base; readonly snapshots: readonly Snapshot[] }
  | { readonly obstacle: 'newer-snapshots'; readonly base: Base; readonly snapshots: readonly Snapshot[] }
  /** `bytes` were written since the base, where zfs counts them. */
  | { readonly obstacle: 'copy-modified'; readonly base: Base; readonly bytes: number | undefined }
  /** The copy has had `lost`, which was destroyed on it: what came with it is now as if written since the base. */
  | { readonly obstacle: 'base-destroyed'; readonly base: Base; readonly lost: TaggedSnapshot }
  /** The gate there refuses, whatever the snapshots are. */
  | { readonly obstacle: 'refused-there'; readonly code: string; readonly reason: string };

/** How things are called in a text. */
export interface Names {
  /** zrep as it was called, with the switches that another command on the pair needs. */
  readonly zrep: string;
  /** The copy, on this host. */
  readonly copy: string;
  readonly source: string;
  /** Of the source. */
  readonly host: string;
}

export interface Told {
  /** A sentence without its full stop. */
  readonly what: string;
  /** What mends it: a phrase in front of the lines. */
  readonly mend: string;
  /** To run as they stand. */
  readonly lines: readonly string[];
  /** Where; undefined where that is the copy's host. */
  readonly on: string | undefined;
}

/** Of a list in a sentence. */
const SHOWN = 5;

export function tell(obstacle: Obstacle, names: Names): Told {
  const { zrep, copy, source, host } = names;
  const giveUp = (mend: string) => ({ mend, lines: [`${zrep} refresh -f ${copy}`], on: undefined });
  const see = { mend: 'for the way on', lines: [`${zrep} doctor ${copy}`], on: undefined };
  switch (obstacle.obstacle) {
    case 'first-stream':
      return {
        what: `the first stream into ${copy} has not come to its end`,
        ...{
          mend: 'to go on with it',
          lines: [`${zrep} init --pull ${host}:${source} ${copy}`],
          on: undefined,
        },
      };
    case 'no-common-snapshot':
      return { what: `${copy} and ${source} on ${host} have no common snapshot`, ...see };
    case 'key-not-loaded':
      return {
        what: `the key of ${source} is not loaded on ${host}, and this copy is not a raw one`,
        ...{
          mend: 'load it, or begin a raw copy (docs/policy.md, raw)',
          lines: [`zfs load-key -r ${source}`],
          on: host,
        },
      };
    case 'parted':
      return {
        what: `${list(obstacle.snapshots)} is one snapshot on ${host} and another on ${copy}; the newest common snapshot is @${nameOf(obstacle.base)}`,
        ...giveUp('where the source is right, this takes the copy back to it'),
      };
    case 'name-taken':
      return {
        what: `${list(obstacle.snapshots)} of ${copy} has the name of another snapshot, which is to come from ${host}`,
        mend: 'give it another name',
        lines: obstacle.snapshots.slice(0, 1).map(({ name }) => renaming(copy, name)),
        on: undefined,
      };
    case 'newer-snapshots':
      return {
        what: `${copy} has ${count(obstacle.snapshots)} that ${host} does not have, newer than the newest common snapshot @${nameOf(obstacle.base)}: ${list(obstacle.snapshots)}`,
        ...giveUp('this lists them, and destroys them if you agree'),
      };
    case 'copy-modified':
      return {
        what: `${copy} was changed here since @${nameOf(obstacle.base)}`,
        ...giveUp('to give those changes up'),
      };
    case 'base-destroyed':
      return {
        what: `${copy}@${printable(obstacle.lost.name)} was destroyed here, and the newest snapshot that both sides still have is @${nameOf(obstacle.base)}`,
        ...giveUp('this takes the copy back to it; what came since comes again'),
      };
    case 'refused-there':
      return {
        what: `the gate on ${host} would refuse (${obstacle.code}): ${printable(obstacle.reason)}`,
        ...{ mend: 'to see what it finds', lines: ['zrep-gate doctor'], on: host },
      };
  }
}

/** In one sentence: what, and the line behind it. */
export function inSentence({ what, mend, lines, on }: Told): string {
  const [first = '', ...more] = lines;
  const place = on === undefined ? '' : `on ${on}: `;
  return `${what}; ${mend}: ${place}${[first, ...more].join(' && ')}`;
}

function nameOf({ ofCopy }: Base): string {
  return printable(ofCopy.name);
}

function count(snapshots: readonly Snapshot[]): string {
  return snapshots.length === 1 ? 'a snapshot' : `${snapshots.length} snapshots`;
}

function list(snapshots: readonly Snapshot[]): string {
  const names = snapshots.slice(0, SHOWN).map(({ name }) => `@${printable(name)}`);
  const more = snapshots.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** A name that can be in a line to copy, as zfs lets it be one. */
function renaming(copy: string, name: string): string {
  return `zfs rename '${copy}@${name}' '${copy}@${name}_old'`;
}
