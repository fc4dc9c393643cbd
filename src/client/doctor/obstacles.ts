/** What keeps the next increment from coming, in the words that a refresh and `zrep status --verify` have for it. Pure. */

import { goingBack, lossesOf, neededLines, whysByName } from '../../pair/going-back.ts';
import { heading, type Names, type Obstacle, type Told, tell } from '../../pair/obstacle.ts';
import { planIncrement } from '../../pair/plan.ts';
import { isPushed } from '../../pair/pushed.ts';
import type { Side, Snapshot } from '../../pair/side.ts';
import { judgeOwn, judgeSource } from '../../pair/source.ts';
import { planTree } from '../../pair/tree.ts';
import { printable } from '../../printable.ts';
import { isRefusal } from '../../refusal.ts';
import { rollbackArgv } from '../../zfs/argv.ts';
import type { Tag } from '../../zfs/names.ts';
import { parseResumeToken } from '../../zfs/resume-token.ts';
import { anyValue } from '../../zfs/state.ts';
import { byHand, type Finding, finding, type Mend } from './finding.ts';
import { type Both, bothSides, type Diagnose, type Scene, sourceHost, zrepOf } from './scene.ts';

export const diagnoseObstacle: Diagnose = (scene) => {
  const both = bothSides(scene);
  if (both === undefined) return receivedHere(scene);
  return obstaclesOf(scene, both).map((obstacle) => {
    const told = tell(obstacle, namesOf(scene));
    return finding(obstacle.obstacle, scene.dataset, told.what, mendOf(scene, both, obstacle, told));
  });
};

/** How things are called in what is told of a pair, from whichever side. */
export function namesOf(scene: Scene): Names {
  const [here, there] = [scene.dataset, scene.peer?.dataset ?? 'POOL/FS'];
  const [source, copy] = scene.role === 'copy' ? [there, here] : [here, there];
  const names = { zrep: zrepOf(scene), copy, source, host: sourceHost(scene) };
  const to = scene.role === 'source' && isPushed(scene.here, scene.tag) ? scene.peer?.host : undefined;
  return to === undefined ? names : { ...names, to: to.name, isLocal: to.here };
}

/** A source whose copy was not seen: its own properties tell so much. */
function receivedHere(scene: Scene): Finding[] {
  const found = ownObstacle(scene, scene.here);
  if (found === undefined) return [];
  const told = tell(found, namesOf(scene));
  return [finding(found.obstacle, scene.dataset, told.what, byHand(heading(told), told.lines))];
}

/** Of a source, by its own properties. That its host was renamed configuration.ts says. */
function ownObstacle({ tag, role, hostName }: Scene, source: Side, copy?: Side): Obstacle | undefined {
  const found = role === 'source' ? judgeOwn(tag, source, hostName, copy) : undefined;
  return found?.obstacle === 'source-received' ? found : undefined;
}

/** What keeps the next increment from coming, as far as both sides tell. */
export function obstaclesOf(scene: Scene, both: Both): Obstacle[] {
  const { tag, there, below, role } = scene;
  const refused = 'side' in there ? there.refused : undefined;
  const why = refused ? judgeSource({ tag, ...both }, refused) : ownObstacle(scene, both.source, both.copy);
  const asked = { tag, all: tag === 'zrep', isRefused: false };
  const theirs = 'side' in there ? there.below : undefined;
  const [ofSource, ofCopy] = role === 'copy' ? [theirs, below] : [below, theirs];
  const found =
    ofSource === undefined || ofCopy === undefined
      ? planIncrement({ ...asked, ...both })
      : planTree({
          ...asked,
          source: { top: both.source, below: ofSource },
          copy: { top: both.copy, below: ofCopy },
          isPulled: role === 'copy' || !isPushed(both.source, tag),
        });
  const own = ['not-marked-master', ...('obstacle' in found ? [found.obstacle] : [])];
  const said: Obstacle[] =
    why === undefined || (why.obstacle === 'refused-there' && own.includes(why.code)) ? [] : [why];
  if (!('obstacle' in found) || said.some(({ obstacle }) => obstacle === found.obstacle)) return said;
  // What is left of a first stream that nobody can resume goes first: copy-state.ts.
  const token = anyValue(both.copy.properties, 'receive_resume_token');
  const isDead = token !== undefined && isRefusal(parseResumeToken(token));
  return found.obstacle === 'first-stream' && isDead ? said : [...said, found];
}

function mendOf(scene: Scene, both: Both, obstacle: Obstacle, told: Told): Mend {
  switch (obstacle.obstacle) {
    case 'parted':
    case 'newer-snapshots':
    case 'copy-modified':
    case 'base-destroyed':
      return rollBack(scene.tag, both, obstacle.base.ofCopy, { ...told, on: placeOf(scene, both, told) });
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
      return byHand(heading(told), told.lines, placeOf(scene, both, told));
    }
  }
}

/** On which host the lines of `told` are for, seen from this one: undefined where that is it. */
function placeOf(scene: Scene, both: Both, { on }: Told): string | undefined {
  if (namesOf(scene).to !== undefined) return on;
  const here = scene.role === 'copy' ? undefined : sourceHost(scene);
  return on === undefined ? both.copy.on : on === here ? undefined : on;
}

/** Takes the copy of a pair of `tag` back to `snapshot`, as the line does that is for the host `on`. What others need is never given up. */
export function rollBack(
  tag: Tag,
  { copy }: Pick<Both, 'copy'>,
  snapshot: Snapshot,
  { mend, lines, on }: Pick<Told, 'mend' | 'lines' | 'on'>,
): Mend {
  const back = goingBack(copy, snapshot);
  const needed = neededLines(back, whysByName(tag));
  if (needed.length > 0)
    return byHand(
      `It is not rolled back, because other streams or people need: ${needed.join('; ')}.`,
      [],
      copy.on,
    );
  if (copy.on !== undefined) return byHand(heading({ mend }), lines, on);
  const full = `${copy.dataset}@${snapshot.name}`;
  const { snapshots, changes } = lossesOf(back);
  const losses = [...snapshots, ...changes.map((line) => `${line} (zfs diff ${printable(full)})`)];
  const argv = rollbackArgv(full);
  return {
    by: 'force',
    what: heading({ mend }),
    on: undefined,
    lines,
    losses,
    acts: [{ kind: 'zfs', argv }],
  };
}
