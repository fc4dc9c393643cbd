/**
 * What can keep an increment from coming: one closed set, with one text for each and what mends it. Every program that is
 * asked about a pair says this, from the same values. Pure.
 */

import { inShell, printable } from '../printable.ts';
import type { TaggedSnapshot } from '../replication/snapshots.ts';
import type { Base } from './common.ts';
import { count, list, loadingKey, nameOf, renaming, SHOWN, setting } from './phrases.ts';
import type { Snapshot } from './side.ts';

export type Obstacle =
  /** The first stream was interrupted, and `init --pull` completes it; `isAnew` where that was with --anew. */
  | { readonly obstacle: 'first-stream'; readonly isAnew?: boolean }
  | { readonly obstacle: 'no-common-snapshot' }
  | { readonly obstacle: 'key-not-loaded' }
  /** What comes is to be encrypted here. */
  | { readonly obstacle: 'copy-key-not-loaded' }
  /** Both sides have made a snapshot of one name since the base. */
  | { readonly obstacle: 'parted'; readonly base: Base; readonly snapshots: readonly Snapshot[] }
  /** An older snapshot of the copy has the name of one that is to come. */
  | { readonly obstacle: 'name-taken'; readonly base: Base; readonly snapshots: readonly Snapshot[] }
  | { readonly obstacle: 'newer-snapshots'; readonly base: Base; readonly snapshots: readonly Snapshot[] }
  /** `bytes` were written since the base, where zfs counts them; or came with a snapshot that was destroyed here, and of which nothing is known. */
  | { readonly obstacle: 'copy-modified'; readonly base: Base; readonly bytes: number | undefined }
  /**
   * The copy has had `lost`, as its mark on the source says, and it was destroyed here: what came with it is now as if written since
   * the base. Where that mark is wrong, somebody wrote to the copy.
   */
  | { readonly obstacle: 'base-destroyed'; readonly base: Base; readonly lost: TaggedSnapshot }
  /** With -R: what stands in the way below, one at least, of a stream that begins with `base`. */
  | { readonly obstacle: 'blocked-below'; readonly base: Base; readonly below: readonly [Below, ...Below[]] }
  /** The source has no zrep properties: it was made anew, or restored without them. `settings` make it the source. */
  | { readonly obstacle: 'source-unconfigured'; readonly settings: readonly string[] }
  /** All its zrep properties came with a stream. */
  | { readonly obstacle: 'source-received'; readonly settings: readonly string[] }
  /** It is marked as the master, of the host `former`; its own host calls itself `local`. */
  | {
      readonly obstacle: 'source-renamed';
      readonly former: string;
      readonly local: string;
      readonly settings: readonly string[];
    }
  /** The gate there refuses, whatever the snapshots are. */
  | { readonly obstacle: 'refused-there'; readonly code: string; readonly reason: string };

/** What stands in the way in one file system below. */
export interface Below {
  /** What stands behind the copy's name: `/alice`. */
  readonly child: string;
  readonly why: /** It comes whole, and the copy has one of that name. */
    | 'in-the-way'
    /** An increment comes, and the copy has no such file system. */
    | 'missing'
    /** An increment comes, and the copy's does not have the snapshot that it begins with. */
    | 'no-base'
    /** `holder` has that snapshot, would be renamed, and the name is taken. */
    | 'renamed'
    /** It has newer snapshots than the others, and not all up to those. */
    | 'ahead'
    /** An interrupted stream has left a part of a snapshot. */
    | 'cut'
    | Obstacle;
  readonly holder?: string | undefined;
  /** What the source calls it, where that is another name. */
  readonly of?: string | undefined;
  /** `zrep refresh -f` can roll it back to what the stream begins with. */
  readonly hasBase?: boolean;
}

/** How things are called in a text. */
export interface Names {
  /** zrep as it was called, with the switches that another command on the pair needs. */
  readonly zrep: string;
  /** The copy, on this host. */
  readonly copy: string;
  readonly source: string;
  /** Of the source. */
  readonly host: string;
  /** The copy's host, where the source is on this one and pushes; undefined where the copy is on this one and pulls. */
  readonly to?: string | undefined;
  /** That is this host as well. */
  readonly isLocal?: boolean;
}

export interface Told {
  /** A sentence without its full stop. */
  readonly what: string;
  /** What the lines do: a phrase in front of them. */
  readonly mend: string;
  /** To run as they stand; one at least. */
  readonly lines: readonly string[];
  /** On which host; undefined where that is the one that pulls, or pushes. */
  readonly on: string | undefined;
}

/** How `zrep refresh -f` and `zrep sync -f` go about it. */
const ASKING = '(it lists what it destroys, and asks)';

/** The text of `obstacle`, and what mends it. Printable, whatever the snapshots are called. */
export function tell(obstacle: Obstacle, names: Names): Told {
  const { zrep, copy, source, host, to, isLocal = false } = names;
  const isPush = to !== undefined;
  const [copyThere, sourceThere] = isPush ? [`${copy} on ${to}`, source] : [copy, `${source} on ${host}`];
  const sender = isPush ? 'this host' : host;
  const here = (mend: string, ...lines: string[]) => ({ mend, lines, on: undefined });
  const byCopy = (mend: string, ...lines: string[]) => ({ mend, lines, on: to });
  const bySource = (mend: string, line: string) => ({ mend, lines: [line], on: isPush ? undefined : host });
  const giveUp = (mend: string) =>
    here(mend, isPush ? `${zrep} sync -f ${source}` : `${zrep} refresh -f ${copy}`);
  const anew = here(
    'to begin the pair anew, and keep the old copy under another name',
    ...(isPush
      ? [
          `${isLocal ? '' : `ssh ${to} `}zfs rename ${copy} ${copy}_old`,
          `${zrep} clear ${source}`,
          `${zrep} init ${source} ${to} ${copy}`,
        ]
      : [`${zrep} init --pull --anew ${host}:${source} ${copy}`]),
  );
  switch (obstacle.obstacle) {
    case 'first-stream':
      return {
        what: `the first stream into ${copyThere} was never completed`,
        ...(isPush
          ? anew
          : here(
              'to complete it',
              `${zrep} init --pull ${obstacle.isAnew ? '--anew ' : ''}${host}:${source} ${copy}`,
            )),
      };
    case 'no-common-snapshot':
      return {
        what: `the copy ${copyThere} and its source ${sourceThere} have no common snapshot`,
        ...anew,
      };
    case 'key-not-loaded':
      return {
        what: `the key of ${source} is not loaded on ${sender}; the stream needs it, because ${copy} is not a raw copy`,
        ...bySource('load it (or make a raw copy: docs/policy.md, "raw")', loadingKey(source)),
      };
    case 'copy-key-not-loaded':
      return {
        what: `the key of the copy ${copyThere} is not loaded, and what comes from ${sender} is encrypted with it`,
        ...byCopy('load it', loadingKey(copy)),
      };
    case 'parted': {
      const [be, snapshots] =
        obstacle.snapshots.length === 1
          ? ['is', 'snapshot of that name']
          : ['are', 'snapshots of those names'];
      return {
        what: `${list(obstacle.snapshots)} ${isPush ? 'of' : 'on'} ${copyThere} ${be} not the ${snapshots} that ${sender} sends; the newest common snapshot is @${nameOf(obstacle.base)}`,
        ...giveUp(`if ${sender} has the right data, roll the copy back ${ASKING}`),
      };
    }
    case 'name-taken': {
      const [older, other] =
        obstacle.snapshots.length === 1
          ? ['an older snapshot', 'another one of that name']
          : ['older snapshots', 'others of those names'];
      return {
        what: `the copy ${copyThere} has ${older} ${list(obstacle.snapshots)}, and ${sender} sends ${other}`,
        ...byCopy(
          obstacle.snapshots.length === 1 ? 'rename the older one' : 'rename the older ones',
          ...obstacle.snapshots.slice(0, SHOWN).map(({ name }) => renaming(copy, name)),
        ),
      };
    }
    case 'newer-snapshots':
      return {
        what: `the copy ${copyThere} has ${count(obstacle.snapshots)} of its own since the newest common snapshot, @${nameOf(obstacle.base)}: ${list(obstacle.snapshots)}`,
        ...giveUp(
          `if nobody needs ${obstacle.snapshots.length === 1 ? 'it' : 'them'}, roll the copy back ${ASKING}`,
        ),
      };
    case 'copy-modified': {
      const much = obstacle.bytes === undefined ? '' : ` (${obstacle.bytes} bytes)`;
      return {
        what: `the copy ${copyThere} has changes since @${nameOf(obstacle.base)}${much}: somebody wrote to it, or destroyed a snapshot there that it had received`,
        ...giveUp('to give those changes up'),
      };
    }
    case 'base-destroyed':
      return {
        what: `the copy ${copyThere} has no @${printable(obstacle.lost.name)}, which ${sender} has marked as sent, and has changes since the newest common snapshot, @${nameOf(obstacle.base)}`,
        ...giveUp('if nobody wrote to the copy, roll it back; what it received since then is sent again'),
      };
    case 'blocked-below':
      return tellBelow(obstacle);
    case 'source-unconfigured':
      return {
        what: `${sourceThere} has no zrep properties: it was made anew, restored, or cleared`,
        ...bySource('if the copy is to go on from it, set them', setting(source, obstacle.settings)),
      };
    case 'source-received':
      return {
        what: `${sourceThere} has its zrep properties from a stream: it was moved, or restored`,
        ...bySource(
          'if it is what is written to now, make it the source',
          setting(source, obstacle.settings),
        ),
      };
    case 'source-renamed':
      return {
        what: `the properties of ${sourceThere} name ${printable(obstacle.former)} as its host, which calls itself ${printable(obstacle.local)}`,
        ...bySource('if the host was renamed, tell zrep', setting(source, obstacle.settings)),
      };
    case 'refused-there':
      return {
        what: `the gate on ${host} would refuse (${obstacle.code}): ${printable(obstacle.reason)}`,
        ...bySource('to see what is wrong there', 'zrep-gate doctor'),
      };
  }

  function tellBelow({ base, below }: Extract<Obstacle, { obstacle: 'blocked-below' }>): Told {
    // What -f cannot roll back comes first: with it there, -f does nothing.
    const isRolledBack = (one: Below) => one.hasBase === true;
    const [first = below[0], ...others] = [...below].sort(
      (a, b) => Number(isRolledBack(a)) - Number(isRolledBack(b)),
    );
    const { child, why, holder, of = child, hasBase } = first;
    const [own, theirs, begin] = [`${copy}${child}`, `${source}${of}`, `@${printable(base.ofSource.name)}`];
    const [ownThere, theirsThere] = isPush ? [`${own} on ${to}`, theirs] : [own, `${theirs} on ${host}`];
    const aside = byCopy('to keep it under another name', `zfs rename ${own} ${own}_old`);
    const told = ((): Told => {
      switch (why) {
        case 'in-the-way':
          return {
            what: `${ownThere} is in the way: ${theirsThere} has no ${begin}, with which the increment begins, so all of it comes`,
            ...aside,
          };
        case 'missing':
          return {
            what: `there is no ${ownThere}, and of ${theirsThere} only an increment comes, since it has ${begin}`,
            ...bySource(
              'to have all of it come',
              `zfs rename -r ${inShell(`${theirs}${begin}`)} ${inShell(`${begin}_old`)}`,
            ),
          };
        case 'no-base':
          return {
            what: `${ownThere} does not have the ${begin} of ${theirsThere}, with which the increment begins`,
            ...aside,
          };
        case 'renamed':
          return {
            what: `${copy}${holder} is the copy of ${theirsThere}, and another file system has the name ${ownThere}`,
            ...aside,
          };
        case 'ahead':
          return {
            what: `${ownThere} has newer snapshots of ${theirsThere} than others below have, and not all since ${begin}`,
            ...(hasBase ? giveUp(`to roll it back ${ASKING}, and have them sent again`) : anew),
          };
        case 'cut':
          return {
            what: `an interrupted stream has left a part of a snapshot in ${ownThere}, and a recursive one cannot be resumed`,
            ...byCopy('to discard that part', `zfs receive -A ${own}`),
          };
      }
      const one = tell(why, { ...names, copy: own, source: theirs });
      if (!('base' in why) || why.obstacle === 'name-taken') return one;
      return { what: one.what, ...(hasBase ? giveUp(one.mend) : anew) };
    })();
    const more = others.slice(0, SHOWN).map((one) => `${copy}${one.child}`);
    if (others.length > SHOWN) more.push(`${others.length - SHOWN} more`);
    return { ...told, what: more.length === 0 ? told.what : `${told.what} (also: ${more.join(', ')})` };
  }
}

/** With -R, of a `host` that answers for one file system alone: a phrase. */
export function sayBelowUnseen(host: string): string {
  return `what is below was not looked at, because ${host} does not tell of it`;
}

/** Its phrase, as a sentence with a colon, above the lines. */
export function heading({ mend }: Pick<Told, 'mend'>): string {
  return `${mend.charAt(0).toUpperCase()}${mend.slice(1)}:`;
}

/** In one sentence: what, and the line that mends it, with the host that it is for. */
export function inSentence({ what, mend, lines, on }: Told): string {
  const place = on === undefined ? '' : `, on ${on}`;
  return `${what}; ${mend}${place}: ${lines.join(' && ')}`;
}
