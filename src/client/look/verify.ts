/**
 * Would the next pull of a copy succeed, or the next sync of a source that is pushed? Both sides are asked, by commands that only read, and
 * judged as a refresh, or a sync, would judge them. Nothing is changed on either side.
 */

import { inSentence, sayBelowUnseen } from '../../pair/obstacle.ts';
import { sideProperties } from '../../pair/side.ts';
import type { Tree } from '../../pair/tree.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readStateArgv } from '../../zfs/argv.ts';
import { parseDataset } from '../../zfs/names.ts';
import { parseListing } from '../../zfs/state.ts';
import { type Destination, destinationProperties, readDestination } from '../copy/destination.ts';
import { depthOf, judgePull, refuseTree, treeIn } from '../copy/judge-pull.ts';
import { verifyPush } from '../push/verify-push.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { PairView } from './pair-view.ts';

export interface Verification {
  readonly verdict: 'would-succeed' | 'would-fail' | 'unknown';
  /** What is in the way, and what mends it; or how to know. Where it would succeed, what was not looked at. */
  readonly why?: string;
}

/** Asks the far side of `pair`, unless it is certain here what comes of it. */
export async function verify(run: Run, pair: PairView): Promise<Verification> {
  if (pair.role === 'source') return verifySource(run, pair);
  const refused = refuseTree(run);
  if (refused !== undefined) return { verdict: 'would-fail', why: refused };
  const read = await readHere(run, pair.dataset);
  if (typeof read === 'string') return { verdict: 'would-fail', why: read };
  const judged = await judgePull(run, read.destination, { copy: read.copy });
  if ('told' in judged) return { verdict: 'would-fail', why: inSentence(judged.told) };
  if (!('unseen' in judged))
    return {
      verdict: 'would-succeed',
      ...(judged.isBelowUnseen && { why: sayBelowUnseen(read.destination.host.name) }),
    };
  const { what, lines, on } = judged.mend;
  const mend = [what, ...(on === undefined || lines.length === 0 ? [] : [`on ${on}:`]), ...lines].join(' ');
  return {
    verdict: judged.isCertain ? 'would-fail' : 'unknown',
    why: `${judged.unseen}. ${mend}`,
  };
}

/** Of a source either side may be the one that knows. */
async function verifySource(run: Run, pair: PairView): Promise<Verification> {
  const dataset = parseDataset(pair.dataset);
  const doubt = dataset === undefined ? 'pulled' : await verifyPush(run, dataset);
  if (doubt === 'pulled') return askThere(run, pair);
  if (doubt === undefined) return { verdict: 'would-succeed' };
  return { verdict: doubt.isCertain ? 'would-fail' : 'unknown', why: doubt.why };
}

/** The other side pulls. */
function askThere({ settings }: Run, { destination }: PairView): Verification {
  const there = destination.dataset === undefined ? '' : ` ${destination.dataset}`;
  return {
    verdict: 'unknown',
    why: `it is the source; ask on ${destination.host ?? 'the other side'}: ${zrepFor(settings.tag)} status --verify${there}`,
  };
}

interface Here {
  readonly destination: Destination;
  readonly copy: Tree;
}

/** As a refresh takes it; or why that would refuse. */
async function readHere(run: Run, name: string): Promise<Here | string> {
  const { settings, step } = run;
  const { tag, hostName } = settings;
  const dataset = parseDataset(name);
  if (dataset === undefined) return `zrep cannot handle the name of ${name}`;
  const properties = [destinationProperties, sideProperties].flatMap((of) => of(step.capabilities, tag));
  const argv = readStateArgv(dataset, [...new Set(properties)], depthOf(run));
  const listing = parseListing(mustSucceed(await step.zfs.ask(argv), dataset).output);
  try {
    const destination = readDestination(listing, dataset, tag, hostName);
    return { destination, copy: treeIn(run, listing, dataset) };
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}
