/** All that can be said of a pair as it was seen, in the order in which it is mended. Pure. */

import { sayBelowUnseen } from '../../pair/obstacle.ts';
import type { Tag } from '../../zfs/names.ts';
import { anyValue, type Listing } from '../../zfs/state.ts';
import { zrepFor } from '../words/again.ts';
import { diagnoseConfiguration, diagnoseMaster, diagnoseUnclear } from './configuration.ts';
import { diagnoseContent, diagnoseSettings } from './copy-state.ts';
import { byHand, type Finding, finding, type Mend } from './finding.ts';
import { diagnoseMarks } from './marks.ts';
import { diagnoseNames } from './names.ts';
import { diagnoseObstacle } from './obstacles.ts';
import { diagnosePushed } from './pushed.ts';
import type { Diagnose, Scene } from './scene.ts';

export function diagnose(scene: Scene): Finding[] {
  if (scene.role === 'unclear') return [diagnoseUnclear(scene)];
  const settled = [diagnoseObstacle, diagnosePushed, diagnoseNames, diagnoseContent, diagnoseMarks];
  const parts: Diagnose[] = [
    diagnoseConfiguration,
    diagnoseMaster,
    diagnoseSettings,
    diagnoseLock,
    ...(scene.lock.state === 'held' ? [] : settled),
    wasSeen,
  ];
  return parts.flatMap((part) => part(scene));
}

const TAKE: Mend = {
  ...{ by: 'safe', what: 'Let go of it:', on: undefined, losses: [], acts: [{ kind: 'lock' }] },
  lines: [],
};

function diagnoseLock({ dataset, tag, lock }: Scene): Finding[] {
  if (lock.state === 'free') return [];
  if (lock.state === 'held')
    return [
      finding(
        'at-work',
        dataset,
        `another zrep (pid ${lock.pid}) is at work on it`,
        byHand('Look again later.'),
      ),
    ];
  const lines = [`zfs inherit ${tag}:lock-time ${dataset}`, `zfs inherit ${tag}:lock-pid ${dataset}`];
  const what = `it is locked by pid ${lock.pid}, which is dead, or another process by now`;
  return [finding('lock-stale', dataset, what, { ...TAKE, lines })];
}

function wasSeen({ dataset, there, peer, below }: Scene): Finding[] {
  if ('side' in there && below !== undefined && there.below === undefined && peer !== undefined)
    return [
      finding(
        'not-looked',
        dataset,
        sayBelowUnseen(peer.host.name),
        byHand(
          'See that the grant there has "recursive = true", and that the gate there is not older than this zrep.',
        ),
      ),
    ];
  if (!('unseen' in there) || peer === undefined) return [];
  const what = `the other side, ${peer.dataset} on ${peer.host.name}, was not seen: ${there.unseen}. So nothing is told of snapshots in common, of its marks, and of a second master`;
  return [finding('not-looked', dataset, what, there.mend)];
}

/** Of something that somebody named, and that is no pair; `wasPair`: it has snapshots of the tag. */
export function diagnoseStranger(listing: Listing, dataset: string, tag: Tag, wasPair: boolean): Finding {
  const own = listing.get(dataset);
  const begin = `${zrepFor(tag)} init --pull HOST:SOURCE ${dataset}`;
  if (own === undefined)
    return finding(
      'no-such-dataset',
      dataset,
      'it does not exist',
      byHand('See whether its pool is imported (zpool list); to set a pair up:', [begin]),
    );
  const property = own.get(`${tag}:src-fs`);
  if (anyValue(own, `${tag}:src-fs`) !== undefined && property?.source.startsWith('inherited'))
    return finding(
      'configuration-inherited',
      dataset,
      `it has no ${tag} configuration of its own, but that of the file system above it (${property.source})`,
      byHand('Refresh the one above with everything below it (zrep -R), or make this one a pair:', [begin]),
    );
  if (wasPair)
    return finding(
      'not-a-pair',
      dataset,
      `it has snapshots of ${tag}, and no ${tag} configuration: it was made anew, restored, or cleared`,
      byHand('If it has another side, that one knows the pair. On the host of that one:', [
        `${zrepFor(tag)} doctor`,
      ]),
    );
  return finding(
    'not-a-pair',
    dataset,
    `it has no ${tag} configuration`,
    byHand('To make it a pair, if it may be replaced, or under another name:', [begin]),
  );
}

/** What was found both times: between the looks at the two sides a refresh can have come to its end. */
export function foundTwice(first: readonly Finding[], second: readonly Finding[]): Finding[] {
  const seen = new Set(first.map(({ code, where }) => `${code} ${where}`));
  return second.filter(({ code, where }) => seen.has(`${code} ${where}`));
}
