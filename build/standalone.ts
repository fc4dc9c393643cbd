/**
 * One file with all three programs and this machine's node, in Node's own format for single executables. Programs stay behind
 * their launchers: a program that is started without one acts on NODE_OPTIONS.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { execa } from 'execa';
import manifest from '../package.json' with { type: 'json' };
import { completionScript } from './completion.ts';
import { manualPage } from './man.ts';
import { PROGRAMS } from './programs.ts';

/** As Node's documentation of single executables has it. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const LAUNCHERS: Readonly<Record<string, string>> = {
  zrep: 'src/bin/zrep-launcher.sh',
  'zrep-expire': 'src/bin/zrep-launcher.sh',
  'zrep-gate': 'src/bin/launcher.sh',
};

/** Makes it in the folder `to`; the answer is its path. @throws Error where this machine's node is not one file. */
export async function makeStandalone(to: string): Promise<string> {
  if (/libnode/.test(execFileSync('ldd', [process.execPath], { encoding: 'utf8' })))
    throw new Error(`${process.execPath} is not one file: use a Node from nodejs.org or NodeSource`);
  const folder = mkdtempSync(join(tmpdir(), 'zrep-gate-standalone-'));
  const [main, blob] = [join(folder, 'main.cjs'), join(folder, 'blob')];
  const file = join(to, `zrep-gate-${manifest.version}-${process.platform}-${process.arch}`);
  try {
    await build({
      entryPoints: ['src/bin/standalone.ts'],
      outfile: main,
      bundle: true,
      platform: 'node',
      target: `node${process.versions.node}`,
      format: 'cjs',
      preserveSymlinks: true,
      minifyWhitespace: true,
      minifySyntax: true,
      define: { FILES: JSON.stringify(installed()) },
    });
    const config = { main, output: blob, disableExperimentalSEAWarning: true };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    execFileSync(process.execPath, ['--experimental-sea-config', join(folder, 'config.json')], {
      stdio: 'pipe',
    });
    copyFileSync(process.execPath, file);
    chmodSync(file, 0o755);
    // It warns of sections of node's own; where it fails, the error has what it said.
    await execa('postject', [file, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE], { preferLocal: true });
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where `install` puts the file itself. By this name a zrep that holds a lock is known: src/process looks at /proc. */
const NODE = '@FOLDER@/libexec/node';

/** What `install` writes beside it. */
function installed(): Record<string, string> {
  const files: Record<string, string> = { 'share/policy.toml': readFileSync('debian/policy.toml', 'utf8') };
  for (const program of PROGRAMS) {
    const { name } = program;
    const others = PROGRAMS.filter((one) => one !== program).map((one) => one.name);
    files[`bin/${name}`] = launcher(LAUNCHERS[name] ?? '');
    files[`share/man/man8/${name}.8`] = manualPage(program, others, manifest.version);
    files[`share/completion/${name}.bash`] = completionScript(program);
  }
  return files;
}

/** A launcher that looks for nothing but the file in its folder. @throws Error where it is not as it was. */
function launcher(path: string): string {
  const text = readFileSync(path, 'utf8');
  const own = text
    .replace(
      /^for node in .*; do$/m,
      `# Here that is the file with all programs, and no other.\nfor node in '${NODE}'; do`,
    )
    .replace(/there is no node beside .*newer there/, `there is no ${NODE}%.0s; install it again`);
  if (own.split(NODE).length !== 3) throw new Error(`${path} has changed`);
  return own;
}
