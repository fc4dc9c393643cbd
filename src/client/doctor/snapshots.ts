/**
 * Which snapshots both sides have, told by GUID, and what on the copy is in the way of the next increment. Pure.
 *
 * A copy has older ones that the source has no more, and a source newer ones that the copy has not yet: neither is wrong.
 */

import { tagOf } from '../../expire/snapshot.ts';
import { printable } from '../../printable.ts';
import { rollbackArgv } from '../../zfs/argv.ts';
import type { Tag } from '../../zfs/names.ts';
import { anyValue } from '../../zfs/state.ts';
import { byHand, type Finding, finding, forcibly, type Mend, safely } from './finding.ts';
import { type Both, bothSides, type Diagnose, type Scene, type Side, type Snapshot } from './scene.ts';

/** Of a list in a sentence. */
const SHOWN = 5;

/** A snapshot that both sides have, as each calls it. */
export interface Common {
  readonly ofSource: Snapshot;
  readonly ofCopy: Snapshot;
}

/** In the copy's order. */
export function commonOf({ source, copy }: Pick<Both, 'source' | 'copy'>): Common[] {
  const byGuid = new Map(source.snapshots.map((one) => [one.guid, one]));
  return copy.snapshots.flatMap((ofCopy) => {
    const ofSource = byGuid.get(ofCopy.guid);
    return ofSource === undefined ? [] : [{ ofSource, ofCopy }];
  });
}

/** True for one of the tag's. */
export function isTagged({ tagged }: Side, { name }: Snapshot): boolean {
  return tagged.some((one) => one.name === name);
}

export const diagnoseSnapshots: Diagnose = (scene) => {
  const both = bothSides(scene);
  if (both === undefined) return [];
  const common = commonOf(both);
  if (!common.some(({ ofCopy }) => isTagged(both.copy, ofCopy))) return hasNoneInCommon(scene, both, common);
  return [...isAhead(scene, both, common), ...areNamedAlike(scene, both, common)];
};

function hasNoneInCommon(scene: Scene, both: Both, common: readonly Common[]): Finding[] {
  const { dataset, tag } = scene;
  // A first stream that was cut off: copy-state.ts says how it goes on.
  if (anyValue(both.copy.properties, 'receive_resume_token') !== undefined) return [];
  const other = common.at(-1)?.ofSource.name;
  const others =
    other === undefined ? '' : `; they still have ${printable(other)} in common, which is none of zrep's`;
  return [
    finding(
      'no-common-snapshot',
      dataset,
      `its two sides have no ${tag} snapshot in common${others}`,
      beginAnew(scene, both),
    ),
  ];
}

/** What there is stays, under another name. */
function beginAnew({ tag, hostName }: Scene, { source, copy }: Both): Mend {
  const option = tag === 'zrep' ? '' : ` -t ${tag}`;
  const on = (host: string | undefined) => (host === undefined ? 'here' : `on ${host}`);
  return byHand(
    `Begin the pair anew, and keep what there is of the copy beside it: the first line ${on(source.on)}, the others ${on(copy.on)}; when nobody can need ${copy.dataset}_old any more, destroy it:`,
    [
      `zrep${option} clear ${source.dataset}`,
      `zfs rename ${copy.dataset} ${copy.dataset}_old`,
      // Or it would still be taken for a pair.
      `for p in src-fs src-host dest-fs; do zfs inherit ${tag}:$p ${copy.dataset}_old; done`,
      `zrep${option} init --pull ${source.on ?? hostName}:${source.dataset} ${copy.dataset}`,
    ],
  );
}

function isAhead(scene: Scene, both: Both, common: readonly Common[]): Finding[] {
  const { dataset } = scene;
  const { source, copy } = both;
  const last = common.at(-1)?.ofCopy;
  const newer = copy.snapshots.filter(({ createtxg }) => createtxg > (last?.createtxg ?? 0));
  if (last === undefined || newer.length === 0) return [];
  const theirs = new Set(source.snapshots.map(({ name }) => name));
  const same = newer.filter((one) => theirs.has(one.name) && isTagged(copy, one));
  const [code, what] =
    same.length > 0
      ? ([
          'parted',
          `${listed(same)} is one snapshot on the source and another on the copy; the last one in common is ${printable(last.name)}`,
        ] as const)
      : ([
          'newer-snapshots',
          `the copy has ${newer.length === 1 ? 'a snapshot' : `${newer.length} snapshots`} behind the last common one, ${printable(last.name)}, that the source does not have: ${listed(newer)}`,
        ] as const);
  const intro =
    code === 'parted'
      ? 'Find out which side is right. If the source is, take the copy back to what both have:'
      : 'If nobody needs them, take the copy back to what both have (a snapshot to be kept can be sent elsewhere first):';
  return [finding(code, dataset, what, rollBack(scene.tag, both, last, intro))];
}

/** Takes the copy of a pair of `tag` back to `snapshot`. What others need is never given up. */
export function rollBack(tag: Tag, { copy }: Pick<Both, 'copy'>, snapshot: Snapshot, what: string): Mend {
  const newer = copy.snapshots.filter(({ createtxg }) => createtxg > snapshot.createtxg);
  const others = newer.filter(({ name, holds }) => (tagOf(name) ?? tag) !== tag || holds > 0);
  const bookmarks = copy.bookmarks.filter(({ createtxg }) => createtxg > snapshot.createtxg);
  if (others.length + bookmarks.length > 0)
    return byHand(
      `It is not rolled back, because other streams or people need ${[...others.map(({ name }) => `@${name}`), ...bookmarks.map(({ name }) => name)].map(printable).join(', ')}: held, a bookmark, or of another tag.`,
      [],
      copy.on,
    );
  const losses = [
    ...newer.map(({ name }) => `${copy.dataset}@${printable(name)}`),
    `what was written to ${copy.dataset} since ${printable(snapshot.name)} (zfs diff ${copy.dataset}@${printable(snapshot.name)})`,
  ];
  const argv = rollbackArgv(`${copy.dataset}@${snapshot.name}`);
  return copy.on === undefined
    ? forcibly(what, losses, argv)
    : byHand(what, [`zfs ${argv.join(' ')}`], copy.on);
}

/** zrep's sync renames what it could not send; what has come all the same keeps its name on the copy. */
function areNamedAlike(
  { dataset, role }: Scene,
  { source, copy }: Both,
  common: readonly Common[],
): Finding[] {
  // zfs-fuse takes a stream that brings one a second time, under its other name.
  const alike = new Set(
    common.filter(({ ofSource, ofCopy }) => ofSource.name === ofCopy.name).map(({ ofCopy }) => ofCopy.guid),
  );
  const different = common.filter(
    ({ ofSource, ofCopy }) =>
      ofSource.name !== ofCopy.name &&
      !alike.has(ofCopy.guid) &&
      isTagged(source, ofSource) &&
      isTagged(copy, ofCopy),
  );
  if (different.length === 0) return [];
  const renames = different.map(({ ofSource, ofCopy }) => {
    const [from, to] = role === 'copy' ? [ofCopy.name, ofSource.name] : [ofSource.name, ofCopy.name];
    return { from, to };
  });
  const taken = new Set((role === 'copy' ? copy : source).snapshots.map(({ name }) => name));
  const what = different
    .slice(0, SHOWN)
    .map(({ ofSource, ofCopy }) => `${ofSource.name} on the source is ${ofCopy.name} on the copy`)
    .join(', ');
  const argvs = renames.map(({ from, to }) => ['rename', `${dataset}@${from}`, `${dataset}@${to}`]);
  const blocked = renames.some(({ to }) => taken.has(to));
  return [
    finding(
      'names-diverge',
      dataset,
      what,
      blocked
        ? byHand(
            'The name is taken by another snapshot; rename that first, then:',
            argvs.map((argv) => `zfs ${argv.join(' ')}`),
          )
        : safely('Name it here as it is named there:', ...argvs),
    ),
  ];
}

function listed(snapshots: readonly Snapshot[]): string {
  const names = snapshots.slice(0, SHOWN).map(({ name }) => printable(name));
  const more = snapshots.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
