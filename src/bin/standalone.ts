/**
 * All three programs in one file that needs no Node on the host: `npm run package -- --standalone`. The first word names the program,
 * with or without a path, as it does for node. `install FOLDER` makes a folder with the launchers in front of it, as npm would.
 */

import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';

/** Texts by their path in the folder, which the build fills in. Those in bin/ are programs. */
declare const FILES: Readonly<Record<string, string>>;

const PROGRAMS: Readonly<Record<string, () => Promise<unknown>>> = {
  zrep: () => import('./zrep.ts'),
  'zrep-expire': () => import('./zrep-expire.ts'),
  'zrep-gate': () => import('./zrep-gate.ts'),
};

// Node repeats the file's own path in the place where it has the script's.
const [own = '', , first = '', ...words] = process.argv;
const program = PROGRAMS[basename(first)];
if (program !== undefined) {
  process.argv = [own, first, ...words];
  program();
} else if (first === 'install' && words.length === 1) {
  process.exitCode = install(words[0] as string);
} else {
  const names = Object.keys(PROGRAMS).join('|');
  process.stderr.write(`usage: ${own} install FOLDER\n       ${own} ${names} [WORD...]\n`);
  process.exitCode = 64;
}

/** Makes the folder. Its answer is the exit code. */
function install(folder: string): number {
  if (!isAbsolute(folder) || existsSync(folder)) {
    process.stderr.write(`${folder}: has to be an absolute path, and nothing may be there yet\n`);
    return 1;
  }
  for (const [path, text] of Object.entries(FILES)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
    writeFileSync(target, text.replaceAll('@FOLDER@', folder));
    chmodSync(target, path.startsWith('bin/') ? 0o755 : 0o644);
  }
  const node = join(folder, 'libexec/node');
  mkdirSync(dirname(node), { mode: 0o755 });
  copyFileSync(own, node);
  chmodSync(node, 0o755);
  return 0;
}
