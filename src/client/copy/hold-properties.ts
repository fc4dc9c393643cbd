/**
 * Before and after a stream, however it ended: what it has changed of the copy's properties, and with -R of those below, is put
 * back (guard.ts), the lock first.
 */

import { lockPropertyNames, setLock } from '../../replication/lock.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readPropertiesArgv, readTreeArgv } from '../../zfs/argv.ts';
import { type Listing, localValue, parseListing } from '../../zfs/state.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import type { Destination } from './destination.ts';
import { guardedProperties, putBack } from './guard.ts';

/** A property can be set and zfs yet fail, for another one that does not fit it yet: "unable to remount filesystem". */
const ROUNDS = 3;

/** What is not to change. */
export async function readHeld(run: Run, destination: Destination): Promise<Listing> {
  const { dataset, properties } = destination;
  // Without -R nothing comes into what is below.
  if (!run.settings.recursive) return new Map(properties ? [[dataset, properties]] : []);
  return read(run, destination);
}

async function read({ settings, step }: Run, { dataset, receiving }: Destination): Promise<Listing> {
  const [lockPid] = lockPropertyNames(receiving.tag);
  const names = [lockPid, ...guardedProperties(step.capabilities, receiving)];
  const argv = settings.recursive ? readTreeArgv(dataset, names) : readPropertiesArgv([dataset], names);
  return parseListing(mustSucceed(await step.zfs.ask(argv), dataset).output);
}

/** @throws Failure when something cannot be put back. */
export async function holdProperties(run: Run, destination: Destination, before: Listing): Promise<void> {
  const { step, report } = run;
  const { dataset, receiving } = destination;
  const names = guardedProperties(step.capabilities, receiving);
  const [lockPid] = lockPropertyNames(receiving.tag);
  const seen = new Map<string, Set<string>>();
  for (let round = 0; ; round += 1) {
    const after = await read(run, destination);
    if (localValue(after.get(dataset), lockPid) !== String(process.pid))
      await setLock(step, dataset, receiving.tag);
    const changes = [...after].flatMap(([name, properties]) =>
      [...putBack(name, names, before.get(name), properties)].map(([property, argv]) => ({
        name,
        property,
        argv,
      })),
    );
    if (changes.length === 0) break;
    if (round === ROUNDS) throw notPutBack(changes);
    for (const { name, property, argv } of changes) {
      seen.set(name, (seen.get(name) ?? new Set()).add(property));
      // Whether it has helped is seen in the next round.
      await step.zfs.ask(argv);
    }
  }
  for (const [name, properties] of seen) {
    const which = [...properties].join(', ');
    report.warn(
      `${name}: the stream brought properties that nobody asked for; they were put back as they were: ${which}`,
    );
    report.event('put-back', { dataset: name, properties: which });
  }
}

function notPutBack(changes: readonly { readonly name: string; readonly property: string }[]): Failure {
  const dataset = changes[0]?.name ?? '';
  const left = changes.filter(({ name }) => name === dataset).map(({ property }) => property);
  return new Failure(
    `the stream brought properties into ${dataset} that nobody asked for, and these could not be put back: ${left.join(', ')}. Look at them, and use the copy for nothing until they are right: zfs get ${left.join(',')} ${dataset}`,
  );
}
