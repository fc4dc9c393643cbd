/**
 * The sent marks. zrep here begins an increment with the newest common snapshot, marked or not (src/pair/common.ts); a stock zrep
 * begins with the newest marked one. So no mark is an error, unless there is nothing else to go by. Pure.
 */

import { baseOf, type Common, commonOf } from '../../pair/common.ts';
import { heading, type Obstacle, tell } from '../../pair/obstacle.ts';
import { markedOf } from '../../pair/plan.ts';
import type { Side, Snapshot } from '../../pair/side.ts';
import { quote } from '../../printable.ts';
import type { TaggedSnapshot } from '../../replication/snapshots.ts';
import { inheritArgv, setArgv } from '../../zfs/argv.ts';
import { anyValue } from '../../zfs/state.ts';
import { byHand, type Finding, finding, type Mend, safely } from './finding.ts';
import { isTagged } from './names.ts';
import { namesOf, obstaclesOf } from './obstacles.ts';
import { type Both, bothSides, type Diagnose, type Scene, zrepOf } from './scene.ts';

/** How far ahead a mark may be; clocks differ. Seconds. */
const DAY = 86_400;

/** Between a mark and its snapshot, or this clock and a snapshot's, that much is no more than a slow start. Seconds. */
const SLACK = 300;

export const diagnoseMarks: Diagnose = (scene) => {
  const both = bothSides(scene);
  return [
    ...makeSense(scene, both),
    ...(both === undefined ? areThere(scene) : agree(scene, both)),
    ...tellTheTime(scene),
  ];
};

function isMark(sent: string | undefined, now: number): sent is string {
  return sent !== undefined && /^[1-9]\d{0,11}$/.test(sent) && Number(sent) <= now + DAY;
}

function makeSense(scene: Scene, both: Both | undefined): Finding[] {
  if (both === undefined) return sensible(scene, { ...scene.here, on: undefined }, undefined);
  return [...sensible(scene, both.source, both.copy), ...sensible(scene, both.copy, both.source)];
}

function sensible(
  { tag, now, dataset }: Scene,
  side: Side & { readonly on: string | undefined },
  other: Side | undefined,
): Finding[] {
  // What the other side does not have is the base of nothing, or told of as that.
  const wrong = side.tagged.filter(
    ({ sent, guid }) =>
      sent !== undefined && !isMark(sent, now) && (other?.tagged.some((one) => one.guid === guid) ?? true),
  );
  const [first] = wrong;
  if (first === undefined) return [];
  const argvs = wrong.map((one) => {
    const theirs = other?.tagged.find(({ guid }) => guid === one.guid)?.sent;
    const sent = isMark(theirs, now) ? theirs : String(one.creation);
    return setArgv(`${side.dataset}@${one.name}`, { [`${tag}:sent`]: sent });
  });
  const place = side.on === undefined ? '' : ` on ${side.on}`;
  const what = `${first.name}${place} is marked as sent at ${quote(first.sent ?? '')}, which is no time in the past`;
  const mend = 'The time of its mark on the other side, or that of the snapshot:';
  return [
    finding(
      'mark-nonsense',
      dataset,
      wrong.length === 1 ? what : `${what}, and so are ${wrong.length - 1} more`,
      side.on === undefined ? safely(mend, ...argvs) : there(side, mend, ...argvs),
    ),
  ];
}

/** Where only this side is seen. */
function areThere(scene: Scene): Finding[] {
  const { dataset, tag, role, here, peer } = scene;
  if (peer === undefined || markedOf(here, tag) !== undefined) return [];
  const [zrep, names] = [zrepOf(scene), namesOf(scene)];
  const { host, source, copy } = names;
  const begin = `${zrep} init --pull ${host}:${source} ${copy}`;
  const isPush = names.to !== undefined;
  const anew = tell({ obstacle: 'no-common-snapshot' }, names);
  const beginning = isPush
    ? byHand(heading(anew), anew.lines)
    : byHand('Begin the pair, on the backup server:', [begin]);
  if (here.snapshots.length + (role === 'source' ? here.bookmarks.length : 0) === 0)
    // copy-state.ts says how a first stream that was cut off goes on.
    return anyValue(here.properties, 'receive_resume_token') !== undefined
      ? []
      : [
          finding(
            'no-common-snapshot',
            dataset,
            'it has no snapshot at all',
            role === 'source'
              ? beginning
              : byHand('Begin the pair, and keep what is here under another name:', [
                  begin.replace(' --pull ', ' --pull --anew '),
                ]),
          ),
        ];
  const newest = here.tagged.at(-1);
  if (role === 'copy')
    return newest === undefined
      ? []
      : [
          finding(
            'mark-missing-here',
            dataset,
            'no snapshot of it is marked as sent',
            byHand('Refresh it. That marks the newest one, if the other side has it too:', [
              `${zrep} refresh ${dataset}`,
            ]),
          ),
        ];
  return [
    finding(
      'never-marked',
      dataset,
      'no snapshot of it is marked as sent',
      newest === undefined
        ? beginning
        : byHand(
            'Find the newest one that the copy has (there: zfs list -t snapshot), and mark it. If the copy has none, begin the pair anew:',
            [`zfs set ${tag}:sent=$(date +%s) ${dataset}@${newest.name}`],
          ),
    ),
  ];
}

function agree(scene: Scene, both: Both): Finding[] {
  const { dataset, tag, now } = scene;
  // With the properties of the source its marks are gone: the refresh behind the one that sets them puts these right.
  const bare: readonly Obstacle['obstacle'][] = ['source-unconfigured', 'source-received'];
  if (obstaclesOf(scene, both).some(({ obstacle }) => bare.includes(obstacle))) return [];
  const { source, copy } = both;
  const marked = markedOf(source, tag);
  const last = commonOf(both).findLast(
    ({ ofCopy, ofSource }) => isTagged(copy, ofCopy) && isTagged(source, ofSource),
  );
  if (last !== undefined && (marked === undefined || marked.createtxg < last.ofSource.createtxg)) {
    const sent = taggedAs(copy, last.ofCopy.guid)?.sent;
    return [
      finding(
        'mark-missing',
        dataset,
        `the copy has ${last.ofCopy.name}, which is not marked as sent on the source`,
        markThere(scene, both, last.ofSource.name, isMark(sent, now) ? sent : String(now)),
      ),
    ];
  }
  if (marked === undefined || baseOf(both) === undefined) return [];
  return copy.snapshots.some(({ guid }) => guid === marked.guid)
    ? tellOneTime(scene, both, marked)
    : isWrong(scene, both, marked, last);
}

/** The source has `marked` as sent, and the copy does not have it. */
function isWrong(scene: Scene, both: Both, marked: TaggedSnapshot, last: Common | undefined): Finding[] {
  // The copy has had it: that is told, and goes by this mark.
  if (obstaclesOf(scene, both).some(({ obstacle }) => obstacle === 'base-destroyed')) return [];
  const newest = last === undefined ? '' : `; its newest is ${last.ofCopy.name}`;
  const isPush = namesOf(scene).to !== undefined;
  return [
    finding(
      'mark-wrong',
      scene.dataset,
      `${marked.name} is marked as sent on the source, but the copy does not have it${newest}`,
      last === undefined
        ? isPush
          ? byHand('The next sync puts the marks right:', [`${zrepOf(scene)} sync ${scene.dataset}`])
          : byHand(
              'The next refresh puts the marks right:',
              [`${zrepOf(scene)} refresh ${both.copy.dataset}`],
              both.copy.on,
            )
        : unmark(scene, both, last.ofSource),
    ),
  ];
}

/** Both have `marked`; the marks tell one time. */
function tellOneTime(
  { dataset, tag, now }: Scene,
  { copy }: Both,
  { guid, sent }: TaggedSnapshot,
): Finding[] {
  const own = taggedAs(copy, guid);
  const senseless = own?.sent !== undefined && !isMark(own.sent, now);
  if (own === undefined || own.sent === sent || !isMark(sent, now) || senseless) return [];
  const argv = setArgv(`${copy.dataset}@${own.name}`, { [`${tag}:sent`]: sent });
  const mend =
    copy.on === undefined
      ? safely('Mark it as it is on the source:', argv)
      : there(copy, 'Mark it there as it is here:', argv);
  return own.sent === undefined
    ? [
        finding(
          'mark-missing-here',
          dataset,
          `${own.name} is marked as sent on the source, and not on the copy`,
          mend,
        ),
      ]
    : [
        finding(
          'mark-differs',
          dataset,
          `${own.name} is marked as sent at ${quote(sent)} on the source, and at ${quote(own.sent)} on the copy`,
          mend,
        ),
      ];
}

function taggedAs({ tagged }: Side, guid: string): TaggedSnapshot | undefined {
  return tagged.find((one) => one.guid === guid);
}

function there(
  { on }: { readonly on: string | undefined },
  what: string,
  ...argvs: (readonly string[])[]
): Mend {
  return byHand(
    what,
    argvs.map((argv) => `zfs ${argv.join(' ')}`),
    on,
  );
}

/** Removes the marks of what the copy does not have, down to the last one in common. */
function unmark({ tag }: Scene, { source }: Both, last: Snapshot): Mend {
  const wrong = source.tagged.filter(
    ({ sent, createtxg }) => sent !== undefined && createtxg > last.createtxg,
  );
  const argvs = wrong.map(({ name }) => inheritArgv(`${source.dataset}@${name}`, `${tag}:sent`));
  // zrep's way before snapshots could carry properties.
  if (wrong.length === 0) argvs.push(inheritArgv(source.dataset, `${tag}:lastsent`));
  const what = 'Remove the mark (the next refresh by this zrep begins with the common snapshot in any case):';
  return source.on === undefined ? safely(what, ...argvs) : there(source, what, ...argvs);
}

function markThere({ tag }: Scene, { source }: Both, name: string, sent: string): Mend {
  const argv = setArgv(`${source.dataset}@${name}`, { [`${tag}:sent`]: sent });
  if (source.on === undefined) return safely('The copy has it, so:', argv);
  return {
    by: 'safe',
    what: `Tell ${source.on} that it was received (zrep refresh does so by itself):`,
    on: source.on,
    lines: [`zfs ${argv.join(' ')}`],
    losses: [],
    acts: [{ kind: 'complete', snapshot: name, sent: Number(sent) }],
  };
}

/** Of a snapshot's creation the source's clock tells, of its mark that of the side that refreshed. */
function tellTheTime({ dataset, role, here, now }: Scene): Finding[] {
  const newest = here.tagged.at(-1);
  const marked = here.tagged.findLast(({ sent }) => isMark(sent, now));
  const ahead = newest === undefined ? 0 : newest.creation - now;
  const early = marked === undefined ? 0 : marked.creation - Number(marked.sent);
  const mend = byHand('Compare the clocks of both hosts, and see that each is set by NTP:', [
    'date; timedatectl',
  ]);
  if (ahead > SLACK)
    return [
      finding(
        'clock-skew',
        dataset,
        `${newest?.name} was made ${ahead} seconds from now, by the ${role === 'copy' ? 'source' : 'host'}'s clock: that one is ahead, or this one behind`,
        mend,
      ),
    ];
  if (early <= SLACK) return [];
  return [
    finding(
      'clock-skew',
      dataset,
      `${marked?.name} is marked as sent ${early} seconds before it was made: the clocks of the two hosts differed`,
      mend,
    ),
  ];
}
