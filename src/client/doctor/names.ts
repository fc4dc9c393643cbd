import { commonOf } from '../../pair/common.ts';
import type { Side, Snapshot } from '../../pair/side.ts';
import { byHand, finding, safely } from './finding.ts';
import { bothSides, type Diagnose } from './scene.ts';

/** Of a list in a sentence. */
const SHOWN = 5;

/** True for one of the tag's. */
export function isTagged({ tagged }: Side, { name }: Snapshot): boolean {
  return tagged.some((one) => one.name === name);
}

/** zrep's sync renames what it could not send; what has come all the same keeps its name on the copy. */
export const diagnoseNames: Diagnose = (scene) => {
  const both = bothSides(scene);
  if (both === undefined) return [];
  const { dataset, role } = scene;
  const { source, copy } = both;
  const common = commonOf(both);
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
};
