/**
 * `zrep renamed`: writes the new name of what was renamed, a file system or a whole pool, into the properties of all pairs that
 * are concerned, on the side where it was renamed, and on the other.
 */

import { isRefusal } from '../../refusal.ts';
import { withLock } from '../../replication/lock.ts';
import type { Dataset } from '../../zfs/names.ts';
import { type Listing, localValue, ownValue } from '../../zfs/state.ts';
import { afterRename } from '../copies/find-missing.ts';
import { changeRecordFile } from '../copies/record-file.ts';
import { retiredHost } from '../copies/retirement.ts';
import { surveyAll } from '../copies/survey.ts';
import { setProperties } from '../copy/set-properties.ts';
import { confirm } from '../run/confirm.ts';
import { Failure, failureOf } from '../run/failure.ts';
import { inRun, tellFailed } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { RenamedCommand } from '../words/retire-words.ts';
import type { Settings } from '../words/settings.ts';

/** Carries `command` out; the answer is the exit code. */
export function renamed(settings: Settings, command: RenamedCommand): Promise<number> {
  return inRun(settings, false, (run) => renameAll(run, command));
}

/** What is to be written on a file system here, and who has the other side of its pair. */
interface Change {
  readonly dataset: Dataset;
  readonly property: string;
  readonly before: string;
  readonly value: Dataset;
  readonly peer: string | undefined;
}

async function renameAll(run: Run, command: RenamedCommand): Promise<number> {
  const { settings, report } = run;
  const changes = changesFor(await surveyAll(run), command, settings);
  if (changes.length === 0) throw new Failure(nothingToChange(command, settings));
  const { host, from, to } = command;
  await confirm(run, {
    heading: 'These properties of zrep would change, and nothing else:',
    losses: changes.map(
      ({ dataset, property, before, value }) => `${dataset}: ${property} is ${before}, will be ${value}`,
    ),
    command: `${zrepFor(settings.tag)} renamed -f ${host === undefined ? '' : `${host}:`}${from} ${to}`,
  });
  const done: Change[] = [];
  for (const change of changes) if (await carryOut(run, change)) done.push(change);
  if (host === undefined) await renameRecords(run, command);
  report.line(`renamed: ${done.length} of ${changes.length} file systems done`);
  for (const line of host === undefined ? otherSides(done, command, settings) : []) report.line(line);
  return done.length === changes.length ? 0 : 1;
}

/** Of the file systems in `listing`, by their own properties. Pure. */
function changesFor(listing: Listing, command: RenamedCommand, { tag }: Settings): Change[] {
  const { host, from, to } = command;
  return [...listing].flatMap(([name, own]) => {
    if (name.includes('@')) return [];
    const dataset = name as Dataset;
    const value = (property: string) => ownValue(own, `${tag}:${property}`);
    const isMaster = localValue(own, `${tag}:master`) === 'yes';
    // Which of its two names it is itself, and which the other side's.
    const [itself, other, otherHost] = isMaster
      ? (['src-fs', 'dest-fs', value('dest-host')] as const)
      : (['dest-fs', 'src-fs', value('src-host') ?? retiredHost(own, tag)] as const);
    const property = host === undefined ? itself : other;
    const before = value(property);
    const after = before === undefined ? undefined : afterRename(before, from, to);
    if (before === undefined || after === undefined) return [];
    if (host === undefined ? after !== dataset : !isHost(otherHost, host)) return [];
    return [{ dataset, property: `${tag}:${property}`, before, value: after, peer: otherHost }];
  });
}

/** Each side may have an account in front of the name. */
function isHost(found: string | undefined, given: string): boolean {
  const bare = (text: string) => text.slice(text.lastIndexOf('@') + 1);
  return found !== undefined && (found === given || bare(found) === bare(given));
}

function nothingToChange({ host, from, to }: RenamedCommand, { tag }: Settings): string {
  const pairs = `no pair here under the tag ${tag}`;
  return host === undefined
    ? `${pairs} was called ${from}, or is below it, and is called ${to} now. Which there are: zfs get -s local,received ${tag}:dest-fs,${tag}:src-fs`
    : `${pairs} has its other side in ${from} on ${host}. Which there are: ${zrepFor(tag)} list -v`;
}

/** Under the lock, which a refresh by the old name may hold. */
async function carryOut(run: Run, { dataset, property, value }: Change): Promise<boolean> {
  const { step, settings, report } = run;
  try {
    const nothing = { properties: [], depth: 0 };
    const refusal = await withLock(step, dataset, settings.tag, nothing, async () => {
      await setProperties(run, dataset, { [property]: value });
      return undefined;
    });
    if (isRefusal(refusal)) throw failureOf(refusal);
    return true;
  } catch (error) {
    tellFailed(report, error, dataset);
    return false;
  }
}

async function renameRecords({ settings, report }: Run, { from, to }: RenamedCommand): Promise<void> {
  const problem = await changeRecordFile(settings, (copies) =>
    copies.map((one) => {
      const name = one.tag === settings.tag ? afterRename(one.dataset, from, to) : undefined;
      return name === undefined ? one : { ...one, dataset: name };
    }),
  );
  if (problem !== undefined) report.warn(`WARNING: the new names are not remembered: ${problem}`);
}

/** What is to be said on the hosts that have the other sides. */
function otherSides(done: readonly Change[], { from, to }: RenamedCommand, settings: Settings): string[] {
  const peers = new Set(done.map(({ peer }) => peer).filter((peer) => peer !== undefined));
  return [...peers].map((peer) => {
    const host = peer.slice(peer.lastIndexOf('@') + 1);
    return `Now on ${host}, so that it knows the new names: ${zrepFor(settings.tag)} renamed ${settings.hostName}:${from} ${to}`;
  });
}
