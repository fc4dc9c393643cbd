/** Asks the far side, and once more where what failed may pass. */

import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, NO_CONNECTION } from './answer.ts';
import type { FarSide } from './far-side.ts';
import { isFinal } from './ssh-failure.ts';

/** ssh's own failure, and the gate's "try again". */
const PASSING = [NO_CONNECTION, 75];

/** Seconds between tries. */
const PAUSES = [1, 3];

export async function askAgain(far: FarSide, command: string): Promise<Answer> {
  for (const pause of PAUSES) {
    const answer = await far.ask(command);
    if (!mayPass(answer)) return answer;
    await wait(pause * 1000);
  }
  return far.ask(command);
}

/** True where the far side did not come to do what it was asked. */
export function mayPass(answer: Answer): boolean {
  return PASSING.includes(answer.code ?? 0) && !isFinal(answer);
}
