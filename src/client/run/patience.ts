/**
 * `--wait`: what is busy is asked again within the run, after pauses that grow. Only what was refused before anything was begun is
 * asked again: a lock that another holds, here or on the other side, and the gate's limits on what is at work at once.
 */

import { setTimeout as wait } from 'node:timers/promises';
import type { Interruption } from '../../process/interruption.ts';
import type { Ended } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { sayAge } from '../look/ages.ts';
import type { Report } from './report.ts';

/** Seconds: the first pause, of which each is twice the one before, and the longest. */
const [FIRST, LONGEST] = [1, 30];

export interface Patience {
  /**
   * What comes of `work`, which is done again for as long as `busy` says of it why it was refused: at most for the time that was
   * asked for, and once more at its end. @throws Interrupted on a signal.
   */
  until<Result>(work: () => Promise<Result>, busy: (result: Result) => string | undefined): Promise<Result>;
}

/** One that waits for `seconds` each time, of `unit` milliseconds; not at all where they are 0. */
export function createPatience(
  seconds: number,
  interruption: Interruption,
  { news }: Pick<Report, 'news'>,
  unit = 1000,
): Patience {
  return {
    async until(work, busy) {
      const end = performance.now() + seconds * unit;
      for (let pause = FIRST; ; pause = Math.min(2 * pause, LONGEST)) {
        const isLast = performance.now() >= end;
        const result = await work();
        const why = busy(result);
        if (why === undefined || isLast || seconds === 0) return result;
        if (pause === FIRST) news(`${why}; waiting for at most ${sayAge(seconds)}`);
        // Who waits for the same is not to come at the same moment, each time.
        const some = pause * unit * (0.75 + Math.random() / 4);
        await sleep(Math.max(0, Math.min(some, end - performance.now())), interruption);
      }
    },
  };
}

/** Waits for so long. @throws Interrupted on a signal, at once. */
export async function sleep(milliseconds: number, interruption: Interruption): Promise<void> {
  const awake = new AbortController();
  const stopListening = interruption.onSignal(() => awake.abort());
  await wait(milliseconds, undefined, { signal: awake.signal }).catch(() => {});
  stopListening();
  interruption.check();
}

/** Our gate's codes, and what a zrep says of its lock: stock, and ours in failover and takeover. */
const BUSY =
  /refused \((?:lock-busy|global-lock-busy|too-many-sessions|too-many-streams|too-many-streams-of-dataset)\)|cannot get lock|^(?:Could|Error: could) not lock /m;

/** Why the other side refused a command before it began it, where that may pass; undefined for anything else. Pure. */
export function busyThere({ code, message }: Ended): string | undefined {
  return code !== 0 && BUSY.test(message) ? farLines(message).find((line) => BUSY.test(line)) : undefined;
}

/** The same of a lock on this host. Pure. */
export function busyHere(dataset: string): (result: unknown) => string | undefined {
  return (result) =>
    isRefusal(result) && ['lock-busy', 'global-lock-busy'].includes(result.refused)
      ? `${dataset}: another zrep is at work on it`
      : undefined;
}

/** The same far side, whose short commands are asked again while it is busy; none that was given up once is waited for again. */
export function patientFar(far: FarSide, patience: Patience): FarSide {
  const givenUp = new Set<string>();
  const patient = (one: FarSide): FarSide => ({
    ...one,
    async ask(command, most) {
      if (givenUp.has(command)) return one.ask(command, most);
      const answer = await patience.until(() => one.ask(command, most), busyThere);
      if (busyThere(answer) !== undefined) givenUp.add(command);
      return answer;
    },
    together: (work) => one.together((pinned) => work(patient(pinned))),
  });
  return patient(far);
}
