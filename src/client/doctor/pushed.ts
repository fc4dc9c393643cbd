/** What stands in the way of a pair that is pushed alone: a pull resumes an interrupted stream by itself, a sync is told to. Pure. */

import { anyValue } from '../../zfs/state.ts';
import { resumeLine } from '../push/partial-there.ts';
import { byHand, finding } from './finding.ts';
import { namesOf } from './obstacles.ts';
import { bothSides, type Diagnose, zrepOf } from './scene.ts';

export const diagnosePushed: Diagnose = (scene) => {
  const { copy, to } = namesOf(scene);
  const both = bothSides(scene);
  if (to === undefined || both === undefined) return [];
  if (anyValue(both.copy.properties, 'receive_resume_token') === undefined) return [];
  return [
    finding(
      'partial-receive',
      scene.dataset,
      `an interrupted stream has left a part of a snapshot in ${copy} on ${to}, and zfs receive takes no other one there`,
      byHand('Resume it:', [resumeLine(zrepOf(scene), scene.dataset)]),
    ),
  ];
};
