/** After a stream, however it ended: what it has changed of the copy's properties is put back (guard.ts), the lock first. */

import { lockPropertyNames, setLock } from '../../replication/lock.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readPropertiesArgv } from '../../zfs/argv.ts';
import { localValue, parseListing } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { Destination } from './destination.ts';
import { guardedProperties, putBack } from './guard.ts';

/** A property can be set and zfs yet fail, for another one that does not fit it yet: "unable to remount filesystem". */
const ROUNDS = 3;

/** @throws Failure when something cannot be put back. */
export async function holdProperties(
  run: Run,
  { dataset, receiving, properties: before }: Destination,
): Promise<void> {
  const { step, report } = run;
  const names = guardedProperties(step.capabilities, receiving);
  const [lockPid] = lockPropertyNames(receiving.tag);
  const seen = new Set<string>();
  for (let round = 0; ; round += 1) {
    const read = await step.zfs.ask(readPropertiesArgv([dataset], [lockPid, ...names]));
    const after = parseListing(mustSucceed(read, dataset).output).get(dataset);
    if (localValue(after, lockPid) !== String(process.pid)) await setLock(step, dataset, receiving.tag);
    const changes = putBack(dataset, names, before, after);
    if (changes.size === 0) break;
    const left = [...changes.keys()].join(', ');
    if (round === ROUNDS)
      throw new Failure(
        `the stream brought properties into ${dataset} that nobody asked for, and these could not be put back: ${left}. Look at them, and use the copy for nothing until they are right: zfs get ${left.replaceAll(' ', '')} ${dataset}`,
      );
    for (const [name, argv] of changes) {
      seen.add(name);
      // Whether it has helped is seen in the next round.
      await step.zfs.ask(argv);
    }
  }
  if (seen.size === 0) return;
  const which = [...seen].join(', ');
  report.warn(
    `${dataset}: the stream brought properties that nobody asked for; they were put back as they were: ${which}`,
  );
  report.event('put-back', { dataset, properties: which });
}
