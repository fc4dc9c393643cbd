/** The words of `zrep doctor`. Pure. */

import type { Dataset } from '../../zfs/names.ts';
import { readOperands, type Verbs } from './verb.ts';

/** `zrep doctor [--fix [-f]] [--here] [--json] [FS...|all]`; without any, all pairs. */
export interface DoctorCommand {
  readonly kind: 'doctor';
  readonly datasets: readonly Dataset[];
  readonly fix: boolean;
  /** The other side is not asked. */
  readonly here: boolean;
  readonly json: boolean;
}

const USAGE = 'zrep doctor [--fix [-f]] [--here] [--json] [FS...|all]';

export const DOCTOR_VERBS: Verbs<DoctorCommand> = {
  doctor: {
    usage: [USAGE],
    summary: 'say what is wrong with a pair, and fix it (--fix)',
    description: [
      'Looks at each pair, from the side that it is called on, and says what is wrong: sent marks, a stream that was cut off, stale locks, two masters, a copy that was changed, no snapshot in common, names that differ, settings that make no sense. Each with why it matters and the line that fixes it. Without a name: all pairs here under the tag. docs/doctor-pairs.md has every code.',
      'The other side is asked by zfs get alone, which zrep-gate answers where the grant has "read" among its operations; what cannot be seen is told, and is not called good.',
      'Without --fix nothing is changed. With it, what loses nothing is done; what loses something is listed and asked for on a terminal, or done at once with -f; and the rest stays for a person.',
    ],
    options: [
      { name: '--fix', text: 'fix what can be fixed from here, under the lock' },
      { name: '-f', text: 'with --fix: also what gives something up (lists it first)' },
      { name: '--here', text: 'look at this side alone' },
      { name: '--json', text: 'one JSON object on standard output, for programs' },
    ],
    examples: ['zrep doctor', 'zrep doctor --fix backup/home', 'zrep -t offsite doctor --json'],
    exits:
      '0 nothing is wrong; 1 something is (with --fix: is still); 3 something could not be looked at, and what could is well, or wrong usage.',
    read(given, operands) {
      const { datasets } = operands.length === 0 ? { datasets: [] } : readOperands(USAGE, operands);
      return {
        kind: 'doctor',
        datasets,
        fix: given.has('--fix'),
        here: given.has('--here'),
        json: given.has('--json'),
      };
    },
  },
};
