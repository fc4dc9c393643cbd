/**
 * Changes that belong together: made at one moment by a channel program where zfs runs one, and otherwise by calls, one after the
 * other. What is to be changed is decided elsewhere, and is the same for both.
 */

import { type Ended, succeeded } from '../process/pipeline.ts';
import { bookmarkArgv, destroyArgv, inheritArgv, setArgvs, snapshotArgv } from '../zfs/argv.ts';
import type { Capabilities } from '../zfs/capabilities.ts';
import { type Change, PROGRAM, type Premise, programArgv, type Ran, readProgram } from '../zfs/program.ts';
import { destroyEach, type Left } from './destroy.ts';
import { mustSucceed, type Step, ZfsFailed } from './step.ts';

/** What was not done, of what may be left: snapshots that could not be destroyed, and why there is no bookmark. */
export interface Made {
  readonly left: readonly Left[];
  /** How zfs refused a bookmark. */
  readonly unmarked?: Ended;
}

/** More would be too long for one command line, or for a program. */
const MOST_STEPS = 600;

/** Whether one program can make all of `changes`. */
export function fitsProgram(
  { capabilities }: Pick<Step, 'capabilities'>,
  premises: readonly Premise[],
  changes: readonly Change[],
): boolean {
  return capabilities.has('programs') && premises.length + changes.length <= MOST_STEPS;
}

/**
 * Makes `changes` of `dataset` by one program, while `premises` hold. What it could not do is tried once more by a call, which says why.
 *
 * The answer is `cannot` where nothing was changed because zfs runs no program here, or would not make one of the changes; or the
 * premise that does not hold, and nothing was changed either.
 *
 * @throws ZfsFailed where a property could not be set, or a snapshot not made; and where nobody knows what was done, because the
 *   program was killed, or gave no answer.
 */
export async function changeAtOnce(
  step: Pick<Step, 'zfs' | 'capabilities' | 'interruption'>,
  dataset: string,
  premises: readonly Premise[],
  changes: readonly Change[],
): Promise<Made | Premise | 'cannot'> {
  const ran = await runProgram(step, dataset, premises, changes);
  if (ran.ran === 'cannot') return 'cannot';
  if (ran.ran === 'changed') return premises[ran.premise] ?? 'cannot';
  const left = ran.left.flatMap((place) => changes[place] ?? []);
  return left.length === 0 ? { left: [] } : changeByCalls(step, dataset, left);
}

/** A program that zfs does not run, or that fails before it changes anything, ends with an exit code of zfs's own. */
async function runProgram(
  { zfs }: Pick<Step, 'zfs'>,
  dataset: string,
  premises: readonly Premise[],
  changes: readonly Change[],
): Promise<Ran> {
  const ended = await zfs.ask(programArgv(premises, changes), PROGRAM);
  const { code } = ended;
  if (code !== null && code > 0 && code <= ZFS_FAILS) return { ran: 'cannot' };
  const ran = succeeded(ended) ? readProgram(ended.output, premises.length) : undefined;
  if (ran === undefined) throw new ZfsFailed(ended, dataset);
  return ran;
}

/** zfs ends with 1 or 2 by itself; a shell in its place that was killed with more. */
const ZFS_FAILS = 2;

/**
 * Makes `changes` of `dataset` in their order, in as few calls as that takes.
 *
 * @throws ZfsFailed where a property could not be set, or a snapshot not made; what comes behind is not done then.
 */
export async function changeByCalls(
  step: Pick<Step, 'zfs' | 'capabilities' | 'interruption'>,
  dataset: string,
  changes: readonly Change[],
): Promise<Made> {
  const left: Left[] = [];
  let unmarked: Ended | undefined;
  for (const run of runsOf(changes)) {
    if (run[0]?.does === 'destroy') {
      left.push(...(await destroyEach(step, run.flatMap(snapshotOf))));
      continue;
    }
    for (const argv of callsOf(step.capabilities, run)) {
      const ended = await step.zfs.ask(argv);
      if (run[0]?.does !== 'bookmark') mustSucceed(ended, dataset);
      else if (!succeeded(ended)) unmarked = ended;
    }
  }
  return { left, ...(unmarked && { unmarked }) };
}

/** The calls that make `changes`, in their order. */
export function callsOf(capabilities: Capabilities, changes: readonly Change[]): string[][] {
  return runsOf(changes).flatMap((run) => callsOfRun(capabilities, run));
}

function callsOfRun(capabilities: Capabilities, run: readonly Change[]): string[][] {
  const [first] = run;
  switch (first?.does) {
    case undefined:
      return [];
    case 'set':
      return setArgvs(capabilities, first.target, valuesOf(run));
    case 'inherit':
    case 'release':
      return [inheritArgv(first.target, first.property)];
    case 'snapshot':
      return [snapshotArgv(first.target, false)];
    case 'bookmark':
      return [bookmarkArgv(first.snapshot, first.target)];
    case 'destroy':
      return run.flatMap(snapshotOf).map(({ dataset, name }) => destroyArgv(dataset, [name]));
  }
}

/** Neighbours that go into one call. */
function runsOf(changes: readonly Change[]): Change[][] {
  const runs: Change[][] = [];
  for (const change of changes) {
    const last = runs.at(-1);
    if (last?.[0] !== undefined && goTogether(last[0], change)) last.push(change);
    else runs.push([change]);
  }
  return runs;
}

function goTogether(one: Change, other: Change): boolean {
  if (one.does === 'set') return other.does === 'set' && one.target === other.target;
  return one.does === 'destroy' && other.does === 'destroy';
}

function valuesOf(changes: readonly Change[]): Record<string, string> {
  return Object.fromEntries(
    changes.flatMap((change) => (change.does === 'set' ? [[change.property, change.value]] : [])),
  );
}

function snapshotOf({ does, target }: Change): { dataset: string; name: string }[] {
  const [dataset = '', name] = target.split('@');
  return does === 'destroy' && name !== undefined ? [{ dataset, name }] : [];
}
