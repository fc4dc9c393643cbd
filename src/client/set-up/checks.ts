/** What is checked before a pair is begun: this host alone, and then what the fileserver tells without changing anything. */

import { succeeded } from '../../process/pipeline.ts';
import { anyValue } from '../../zfs/state.ts';
import { type Answer, MOST_OF_LISTING, NO_CONNECTION, refusedByGate } from '../far/answer.ts';
import { stateCommand } from '../far/far-commands.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { initPullLine, zrepAgain } from '../words/again.ts';
import type { InitPullCommand } from '../words/init-words.ts';
import { hintFor } from './hints.ts';
import { lookAtPlace } from './look-at-place.ts';
import { judgeFirstStream, judgeMountPoint, judgeName, judgePlace, type Place } from './place.ts';

/** `command` as it was given, with `option` where there is one more. */
function again(
  { settings }: Run,
  command: Omit<InitPullCommand, 'destination'> & { readonly destination: string },
  ...option: string[]
): string {
  const given = [...(command.anew ? ['--anew'] : []), ...(settings.force ? ['-f'] : [])];
  return initPullLine(settings, command, [
    ...given,
    ...(command.ignoreRoom ? ['--ignore-room'] : []),
    ...option,
  ]);
}

/**
 * The fileserver is asked only where the copy of a file system could not be mounted: whether the source is a volume.
 *
 * @throws Failure where this host cannot take the copy, whatever the fileserver does.
 */
export async function checkHere(run: Run, far: FarSide, command: InitPullCommand): Promise<Place> {
  const place = await checkPlace(run, command);
  const hidden = judgeMountPoint(place);
  if (hidden !== undefined && !(await isVolumeThere(run, far, command.source)))
    throw new Failure(`${hidden}. Nothing was done`);
  return place;
}

/** The same of name and pool, for which nobody else is asked. @throws Failure where there can be no copy. */
export async function checkPlace(run: Run, command: InitPullCommand): Promise<Place> {
  const { destination } = command;
  const refuse = (problem: string | undefined) => {
    if (problem !== undefined) throw new Failure(`${problem}. Nothing was done`);
  };
  refuse(judgeName(destination, run.settings.tag));
  const place = await lookAtPlace(run, destination);
  refuse(judgePlace(place, (dataset) => again(run, { ...command, destination: dataset })));
  return place;
}

/** Whether the fileserver says so. A gate that does not know the question counts as no. */
async function isVolumeThere({ settings }: Run, far: FarSide, source: string): Promise<boolean> {
  const answer = await far.ask(stateCommand(settings, source), MOST_OF_LISTING);
  if (!succeeded(answer)) return false;
  const { parseState } = await import('../far/their-state.ts');
  const state = parseState(answer.output, source, settings.tag);
  return anyValue(state?.listing.get(source), 'type') === 'volume';
}

/**
 * Asks the fileserver about its file system, which changes nothing there. A gate of before does not answer that; then nobody
 * knows.
 *
 * @throws Failure where the host does not answer, the first stream would not fit, or needs a key.
 */
export async function checkFirstStream(
  run: Run,
  far: FarSide,
  command: InitPullCommand,
  { listing, dataset }: Place,
  exists: boolean,
): Promise<void> {
  const { settings, report } = run;
  const { source } = command;
  const answer = await far.ask(stateCommand(settings, source), MOST_OF_LISTING);
  const code = refusedByGate(answer);
  if (!succeeded(answer)) {
    // Or it said more than anybody reads.
    if (code === 'unknown-verb' || answer.signal !== null) return;
    report.far(far.host.name, farLines(answer.message));
    throw notSetUp(run, answer, command, code);
  }
  const { parseState } = await import('../far/their-state.ts');
  const own = parseState(answer.output, source, settings.tag)?.listing.get(source);
  const encryption = anyValue(own, 'encryption');
  const known = own !== undefined && run.step.capabilities.has('encryption');
  const problem = judgeFirstStream(
    listing,
    dataset,
    {
      // Part of it is here already.
      referenced: exists || command.ignoreRoom ? undefined : anyValue(own, 'referenced'),
      isEncrypted: known ? encryption !== undefined && encryption !== 'off' : undefined,
    },
    (option) => again(run, command, option),
  );
  if (problem !== undefined) throw new Failure(problem);
}

/** Why the fileserver did not set it up, and what helps. */
export function notSetUp(
  { settings }: Run,
  answer: Answer,
  command: InitPullCommand,
  code: string | undefined,
): Failure {
  const { host, source, destination } = command;
  // It did not say why not, nor whether.
  if (answer.code === NO_CONNECTION) return new Failure(`the connection to ${host} broke`);
  const stock = `${zrepAgain(settings)} init ${source} ${settings.hostName} ${destination}`;
  const hint = hintFor(code, { host, source, stock });
  return new Failure([`${host} did not set ${source} up`, ...(hint === undefined ? [] : [hint])].join('; '));
}
