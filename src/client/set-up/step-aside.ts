/**
 * `zrep init --pull --anew`: the old copy, which has no snapshot in common with its source any more, steps aside. It keeps all that
 * it has, under another name and out of service.
 */

import { baseOf } from '../../pair/common.ts';
import { inOneLine, printable } from '../../printable.ts';
import { succeeded } from '../../process/pipeline.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readPropertiesArgv, renameArgv } from '../../zfs/argv.ts';
import { type Dataset, parseDataset, type Tag } from '../../zfs/names.ts';
import { anyValue, type Listing, localValue } from '../../zfs/state.ts';
import { surveyedProperties } from '../copies/find-missing.ts';
import { retireArgvs, retiredHost, retiredSince, reviveArgvs } from '../copies/retirement.ts';
import { readCopy } from '../copy/judge-pull.ts';
import { pairsBelow } from '../copy/pairs-below.ts';
import { readTheirSide } from '../far/their-side.ts';
import { withRoleLock } from '../roles/role-lock.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain, zrepFor } from '../words/again.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import type { SourceHost } from '../words/source.ts';

/** An old copy, and the name that it gets. */
export interface Aside {
  readonly old: Dataset;
  readonly name: Dataset;
}

/**
 * Which copy is to step aside; undefined where none is there, as after the same command was cut off. Nothing is changed.
 *
 * @throws Failure where the two sides have a snapshot in common: then nothing is begun anew.
 */
export async function findAside(
  run: Run,
  host: SourceHost,
  { source, destination }: InitPullCommand,
  listing: Listing,
): Promise<Aside | undefined> {
  const own = listing.get(destination);
  if (own === undefined || !isOldCopy(listing, destination, run.settings.tag, { host: host.name, source }))
    return undefined;
  const theirs = await readTheirSide(run, host, source, 'copy');
  if (!('side' in theirs)) throw new Failure(`${theirs.unseen}. Nothing was done`);
  const { top: copy } = await readCopy(run, destination);
  const base = baseOf({ source: theirs.side, copy });
  // What a run that was cut off had received whole, and not marked: it is the new copy.
  if (base !== undefined && copy.tagged.every(({ sent }) => sent === undefined)) return undefined;
  if (base !== undefined)
    throw new Failure(
      `${destination} and ${source} on ${host.name} have @${printable(base.ofCopy.name)} in common, so nothing was begun anew. To go on from it: ${zrepAgain(run.settings)} refresh ${destination}`,
    );
  await refuseOthers(run, destination);
  if (!destination.includes('/'))
    throw new Failure(
      `${destination} is a pool, which cannot be renamed beside the new copy. Nothing was done. Begin the pair below it, under another name`,
    );
  return asideOf(run, destination);
}

/**
 * Renamed with it would be other pairs: below it, and under other tags.
 *
 * @throws Failure where there is one.
 */
async function refuseOthers({ settings: { tag }, step }: Run, dataset: Dataset): Promise<void> {
  const pairs = await pairsBelow(step, dataset);
  const other = pairs.find((one) => one.name !== dataset || one.tag !== tag);
  if (other !== undefined) {
    const { name, property } = other;
    throw new Failure(
      `${printable(name)} is of a pair of its own (${printable(property)}), and would get another name along with the old copy. Nothing was done. Move it first, and tell zrep: zfs rename ${printable(name)} NAME && ${zrepFor(tag)} renamed ${printable(name)} NAME`,
    );
  }
}

/** A copy of that very source, unless a first stream into it can be resumed; or one that an earlier run has taken out of service for this. Pure. */
function isOldCopy(
  listing: Listing,
  dataset: string,
  tag: Tag,
  from: { readonly host: string; readonly source: string },
): boolean {
  const own = listing.get(dataset);
  const host =
    retiredSince(own, tag) === undefined ? localValue(own, `${tag}:src-host`) : retiredHost(own, tag);
  const isOurs = host === from.host && localValue(own, `${tag}:src-fs`) === from.source;
  const isMaster = localValue(own, `${tag}:master`) === 'yes';
  const isEmpty = ![...listing.keys()].some((name) => name.startsWith(`${dataset}@`));
  const isBegun = isEmpty && anyValue(own, 'receive_resume_token') !== undefined;
  return isOurs && !isMaster && !isBegun;
}

/** What is at `dataset` steps aside. */
export async function asideOf(run: Run, dataset: Dataset): Promise<Aside> {
  return { old: dataset, name: await freeName(run, dataset) };
}

/** `vault/home_old`, or that with the first number that is free. */
async function freeName({ step }: Run, dataset: Dataset): Promise<Dataset> {
  for (let number = 1; number < 100; number += 1) {
    const name = parseDataset(`${dataset}_old${number === 1 ? '' : number}`);
    if (name === undefined) break;
    const found = await step.zfs.ask(readPropertiesArgv([name], ['type']));
    if (succeeded(found)) continue;
    if (!found.message.includes('does not exist')) mustSucceed(found, name);
    return name;
  }
  throw new Failure(
    `there is no name left for the old copy beside ${dataset}. Nothing was done. Rename it: zfs rename ${dataset} NAME`,
  );
}

/** Takes the old copy out of service, and gives it its name. Where zfs does not rename it, it is in service again. */
export async function stepAside(
  run: Run,
  { old, name }: Aside,
  { host, source }: Pick<InitPullCommand, 'host' | 'source'>,
): Promise<void> {
  const { settings, step, report } = run;
  const { tag, hostName } = settings;
  const now = Math.floor(Date.now() / 1000);
  const each = async (argvs: readonly (readonly string[])[]) => {
    for (const argv of argvs) mustSucceed(await step.zfs.ask(argv), old);
  };
  const before = await withRoleLock(
    run,
    old,
    { properties: surveyedProperties(tag), depth: 0 },
    async (listing) => {
      const since = retiredSince(listing.get(old), tag);
      await each(retireArgvs(step.capabilities, old, tag, { host, source, now: since ?? now }));
      return since;
    },
  );
  const renamed = await step.zfs.ask(renameArgv(old, name));
  if (!succeeded(renamed)) {
    // What a person had retired stays so.
    if (before === undefined) await each(reviveArgvs(step.capabilities, old, tag, { host, hostName }));
    throw new Failure(
      `the old copy ${old} cannot be renamed now (${inOneLine(renamed.message)}), and stays as it was. Look what uses it (fuser -vm on its mount point), then run the same command again`,
    );
  }
  report.line(`The old copy is ${name} now, with all its snapshots, and out of service`);
}
