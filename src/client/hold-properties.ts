/** After a stream, however it ended: what it has changed of the copy's properties is put back (guard.ts), the lock first. */

import { lockPropertyNames, setLock } from '../replication/lock.ts';
import { mustSucceed } from '../replication/step.ts';
import { readPropertiesArgv } from '../zfs/argv.ts';
import { localValue, parseListing } from '../zfs/state.ts';
import type { Destination } from './destination.ts';
import { guardedProperties, putBack } from './guard.ts';
import type { Run } from './run.ts';

/** @throws ZfsFailed when something cannot be put back. */
export async function holdProperties(
  { step, report }: Run,
  { dataset, receiving, properties: before }: Destination,
): Promise<void> {
  const names = guardedProperties(step.capabilities, receiving);
  const [lockPid] = lockPropertyNames(receiving.tag);
  const read = await step.zfs.ask(readPropertiesArgv([dataset], [lockPid, ...names]));
  const after = parseListing(mustSucceed(read, dataset).output).get(dataset);
  if (localValue(after, lockPid) !== String(process.pid)) await setLock(step, dataset, receiving.tag);
  const changes = putBack(dataset, names, before, after);
  for (const argv of changes.values()) mustSucceed(await step.zfs.ask(argv), dataset);
  if (changes.size === 0) return;
  const which = [...changes.keys()].join(', ');
  report.warn(
    `${dataset}: the stream brought properties that nobody asked for; they were put back as they were: ${which}`,
  );
  report.event('put-back', { dataset, properties: which });
}
