/** Could anybody but root have written this? What is root's must be root's alone, be it a file or a folder. */

import type { Stats } from 'node:fs';

/** Why something is not believed, and what mends that. */
export interface Untrusted {
  readonly problem: string;
  /** A command, or what to do; empty where the problem says it all. */
  readonly remedy: string;
}

/** What of owner and mode lets others than root write at `place`. Pure. */
export function ownershipProblems(place: string, { uid, mode }: Pick<Stats, 'uid' | 'mode'>): Untrusted[] {
  const problems: Untrusted[] = [];
  if (uid !== 0) {
    problems.push({
      problem: `${place} belongs to user ${uid}, not root`,
      remedy: `chown root ${place}`,
    });
  }
  if ((mode & 0o022) !== 0) {
    problems.push({ problem: `${place} can be written by others than root`, remedy: `chmod go-w ${place}` });
  }
  return problems;
}
