/** What keeps the next increment from coming, in the words that a refresh and `zrep status --verify` have for it. Pure. */

import { goingBack, lossesOf, neededLines, whysByName } from '../../pair/going-back.ts';
import { type Obstacle, type Told, tell } from '../../pair/obstacle.ts';
import { planIncrement } from '../../pair/plan.ts';
import type { Snapshot } from '../../pair/side.ts';
import { judgeSource } from '../../pair/source.ts';
import { planTree } from '../../pair/tree.ts';
import { printable } from '../../printable.ts';
import { rollbackArgv } from '../../zfs/argv.ts';
import type { Tag } from '../../zfs/names.ts';
import { anyValue } from '../../zfs/state.ts';
import { zrepAgain } from '../words/again.ts';
import { byHand, finding, type Mend } from './finding.ts';
import { type Both, bothSides, type Diagnose, type Scene } from './scene.ts';

export const diagnoseObstacle: Diagnose = (scene) => {
  const both = bothSides(scene);
  if (both === undefined) return [];
  const { dataset, tag, hostName } = scene;
  const { source, copy } = both;
  const names = {
    zrep: zrepAgain({ tag, recursive: scene.below !== undefined }),
    copy: copy.dataset,
    source: source.dataset,
    host: source.on ?? hostName,
  };
  return obstaclesOf(scene, both).map((obstacle) => {
    const told = tell(obstacle, names);
    return finding(obstacle.obstacle, dataset, told.what, mendOf(scene, both, obstacle, told));
  });
};

/** What keeps the next increment from coming, as far as both sides tell. */
export function obstaclesOf({ tag, there, below }: Scene, both: Both): Obstacle[] {
  const refused = 'side' in there ? there.refused : undefined;
  const why = refused && judgeSource({ tag, ...both }, refused);
  const asked = { tag, all: tag === 'zrep', isRefused: false };
  const theirs = 'side' in there ? there.below : undefined;
  const found =
    below === undefined || theirs === undefined
      ? planIncrement({ ...asked, ...both })
      : planTree({
          ...asked,
          source: { top: both.source, below: theirs },
          copy: { top: both.copy, below },
        });
  const own = ['not-marked-master', ...('obstacle' in found ? [found.obstacle] : [])];
  const said: Obstacle[] =
    why === undefined || (why.obstacle === 'refused-there' && own.includes(why.code)) ? [] : [why];
  if (!('obstacle' in found) || said.some(({ obstacle }) => obstacle === found.obstacle)) return said;
  // A first stream that was cut off: copy-state.ts says how it goes on.
  const begun = anyValue(both.copy.properties, 'receive_resume_token') !== undefined;
  return found.obstacle === 'first-stream' && begun ? said : [...said, found];
}

function mendOf(scene: Scene, both: Both, obstacle: Obstacle, told: Told): Mend {
  switch (obstacle.obstacle) {
    case 'parted':
    case 'newer-snapshots':
    case 'copy-modified':
    case 'base-destroyed':
      return rollBack(scene.tag, both, obstacle.base.ofCopy, told);
    case 'first-stream':
    case 'no-common-snapshot':
    case 'key-not-loaded':
    case 'copy-key-not-loaded':
    case 'name-taken':
    case 'blocked-below':
    case 'source-unconfigured':
    case 'source-received':
    case 'source-renamed':
    case 'refused-there': {
      const here = scene.role === 'copy' ? undefined : scene.hostName;
      const on = told.on === undefined ? both.copy.on : told.on === here ? undefined : told.on;
      return byHand(sentence(told.mend), told.lines, on);
    }
  }
}

function sentence(mend: string): string {
  return `${mend.charAt(0).toUpperCase()}${mend.slice(1)}:`;
}

/** Takes the copy of a pair of `tag` back to `snapshot`, as the line of `told` does. What others need is never given up. */
export function rollBack(
  tag: Tag,
  { copy }: Pick<Both, 'copy'>,
  snapshot: Snapshot,
  { mend, lines }: Pick<Told, 'mend' | 'lines'>,
): Mend {
  const back = goingBack(copy, snapshot);
  const needed = neededLines(back, whysByName(tag));
  if (needed.length > 0)
    return byHand(
      `It is not rolled back, because other streams or people need: ${needed.join('; ')}.`,
      [],
      copy.on,
    );
  if (copy.on !== undefined) return byHand(sentence(mend), lines, copy.on);
  const full = `${copy.dataset}@${snapshot.name}`;
  const { snapshots, changes } = lossesOf(back);
  const losses = [...snapshots, ...changes.map((line) => `${line} (zfs diff ${printable(full)})`)];
  const argv = rollbackArgv(full);
  return { by: 'force', what: sentence(mend), on: undefined, lines, losses, acts: [{ kind: 'zfs', argv }] };
}
