/** Which sudo it is that a key's line calls, and what belongs to it: sudo and sudo-rs can both be installed. */

import { realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ask, readIfThere } from './ask.ts';
import { type Finding, finding } from './findings.ts';

export interface SudoTools {
  readonly kind: 'sudo' | 'sudo-rs';
  readonly program: string;
  /** What checks its files. */
  readonly visudo: string;
  /** The file that it reads first. */
  readonly sudoers: string;
}

/** Those of the sudo that `word` of a forced command calls. */
export async function findSudo(word: string): Promise<SudoTools | Finding> {
  const program = word.startsWith('/') ? word : `/usr/bin/${word}`;
  if (basename(program) === 'doas')
    return finding(
      'not-looked',
      program,
      'has rules that the doctor does not read',
      'See that the rule is for this one command, and has setenv { SSH_ORIGINAL_COMMAND SSH_CONNECTION }:',
      'cat /etc/doas.conf',
    );
  const { good, output, message } = await ask([program, '--version']);
  if (message.includes('ENOENT'))
    return finding('sudo-missing', program, 'does not exist', 'Run:', `apt-get install ${basename(program)}`);
  const [first = ''] = output.split('\n');
  if (good && /^sudo-rs /.test(first)) {
    const visudo = await findVisudo([`${folderOf(program)}/visudo`, 'visudo-rs', 'visudo'], true);
    // sudo-rs has its own file where there is one, and sudo's where there is none.
    const own = readOrNot('/etc/sudoers-rs') ? '/etc/sudoers-rs' : '/etc/sudoers';
    return { kind: 'sudo-rs', program, visudo, sudoers: own };
  }
  if (good && /^Sudo version /.test(first))
    return {
      kind: 'sudo',
      program,
      visudo: await findVisudo(['visudo', 'visudo.ws'], false),
      sudoers: '/etc/sudoers',
    };
  return finding(
    'not-looked',
    program,
    `is neither sudo nor sudo-rs, by what it says: ${first || message}`,
    'Let the line call one of these by its path, or look at its rules yourself:',
    `${program} --version`,
  );
}

/** The first that is of this kind. */
async function findVisudo(candidates: readonly string[], rust: boolean): Promise<string> {
  for (const candidate of candidates) {
    const { good, output, aside } = await ask([candidate, '--version']);
    if (good && /visudo-rs/.test(output + aside) === rust) return candidate;
  }
  return candidates.at(-1) ?? 'visudo';
}

function folderOf(program: string): string {
  try {
    return dirname(realpathSync(program));
  } catch {
    return dirname(program);
  }
}

/** True for a file that is there, also one that may not be read. */
function readOrNot(path: string): boolean {
  try {
    return readIfThere(path) !== undefined;
  } catch {
    return true;
  }
}
