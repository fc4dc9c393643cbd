/** The sent marks: which snapshot the next refresh begins with, and whether the copy has it. Pure. */

import { commonOf } from '../../pair/common.ts';
import type { Side } from '../../pair/side.ts';
import { quote } from '../../printable.ts';
import { lastSent, type TaggedSnapshot } from '../../replication/snapshots.ts';
import { inheritArgv, setArgv } from '../../zfs/argv.ts';
import { byHand, type Finding, finding, type Mend, safely } from './finding.ts';
import { isTagged } from './names.ts';
import { type Both, bothSides, type Diagnose, type Scene } from './scene.ts';

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
function areThere({ dataset, tag, role, here, there, peer }: Scene): Finding[] {
  if (peer === undefined || lastSent(here.tagged, here.properties, tag) !== undefined) return [];
  const newest = here.tagged.at(-1);
  // Said already, where it was seen that there is none in common.
  if ('side' in there) return [];
  const option = tag === 'zrep' ? '' : `-t ${tag} `;
  if (role === 'source')
    return [
      finding(
        'never-marked',
        dataset,
        'no snapshot of it is marked as sent',
        byHand(
          newest === undefined
            ? 'Begin the pair, on the backup server:'
            : 'Look for the newest one that the copy has (zfs list -t snapshot, there), and mark that; if it has none, begin the pair anew:',
          newest === undefined
            ? [`zrep ${option}init --pull HOST:${dataset} ${peer.dataset}`]
            : [`zfs set ${tag}:sent=$(date +%s) ${dataset}@${newest.name}`],
        ),
      ),
    ];
  if (newest === undefined)
    return [
      finding(
        'no-common-snapshot',
        dataset,
        `it has no ${tag} snapshot at all`,
        byHand('Go on with its first stream:', [
          `zrep ${option}init --pull ${peer.host.name}:${peer.dataset} ${dataset}`,
        ]),
      ),
    ];
  return [
    finding(
      'mark-missing-here',
      dataset,
      'no snapshot of it is marked as sent',
      byHand('Refresh, which marks the newest one when the other side has it, too:', [
        `zrep ${option}refresh ${dataset}`,
      ]),
    ),
  ];
}

function agree(scene: Scene, both: Both): Finding[] {
  const { dataset, tag, now } = scene;
  const { source, copy } = both;
  const common = commonOf(both).filter(
    ({ ofCopy, ofSource }) => isTagged(copy, ofCopy) && isTagged(source, ofSource),
  );
  const last = common.at(-1);
  if (last === undefined) return [];
  const ofSource = taggedAs(source, last.ofSource.guid);
  const ofCopy = taggedAs(copy, last.ofCopy.guid);
  const base = lastSent(source.tagged, source.properties, tag);
  if (base !== undefined && base.createtxg > ofSource.createtxg)
    return [
      finding(
        'mark-wrong',
        dataset,
        `${base.name} is marked as sent on the source, but the copy does not have it; its newest is ${last.ofCopy.name}`,
        unmark(scene, both, ofSource),
      ),
    ];
  const sent = isMark(ofCopy.sent, now) ? ofCopy.sent : String(now);
  if (base === undefined || base.createtxg < ofSource.createtxg)
    return [
      finding(
        'mark-missing',
        dataset,
        `the copy has ${ofCopy.name}, which is not marked as sent on the source`,
        markThere(scene, both, ofSource.name, sent),
      ),
    ];
  const senseless = ofCopy.sent !== undefined && !isMark(ofCopy.sent, now);
  if (base.sent === ofCopy.sent || !isMark(base.sent, now) || senseless) return [];
  const argv = setArgv(`${copy.dataset}@${ofCopy.name}`, { [`${tag}:sent`]: base.sent });
  const mend =
    copy.on === undefined
      ? safely('Mark it as it is on the source:', argv)
      : there(copy, 'Mark it there as it is here:', argv);
  return ofCopy.sent === undefined
    ? [
        finding(
          'mark-missing-here',
          dataset,
          `${ofCopy.name} is marked as sent on the source, and not on the copy`,
          mend,
        ),
      ]
    : [
        finding(
          'mark-differs',
          dataset,
          `${ofCopy.name} is marked as sent at ${quote(base.sent)} on the source, and at ${quote(ofCopy.sent)} on the copy`,
          mend,
        ),
      ];
}

function taggedAs({ tagged }: Side, guid: string): TaggedSnapshot {
  return tagged.find((one) => one.guid === guid) as TaggedSnapshot;
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

/** Takes away the marks of what the copy has not, down to the last one in common. */
function unmark({ tag }: Scene, { source }: Both, last: TaggedSnapshot): Mend {
  const wrong = source.tagged.filter(
    ({ sent, createtxg }) => sent !== undefined && createtxg > last.createtxg,
  );
  const argvs = wrong.map(({ name }) => inheritArgv(`${source.dataset}@${name}`, `${tag}:sent`));
  // zrep's way before snapshots could carry properties.
  if (wrong.length === 0) argvs.push(inheritArgv(source.dataset, `${tag}:lastsent`));
  const what = 'Take the mark away, so that the next refresh begins with what the copy has:';
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
