/**
 * `npm run build`: one CommonJS bundle a program in dist/, behind its launcher, the licences of what is bundled, and each
 * program's manual and completion.
 *
 * A bundle starts in about a quarter of the time that its parts need (bench/), and an installed gate has no
 * dependencies that somebody else could replace. CommonJS, since an ES module bundle starts a fifth slower.
 */

import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import manifest from '../package.json' with { type: 'json' };
import { completionScript } from './completion.ts';
import { manualPage } from './man.ts';
import { PROGRAMS } from './programs.ts';
import { versionCheck } from './version-check.ts';

/** Each with its launcher, which starts node on the file that it stands in front of, and the exit code where it cannot. */
const LAUNCHERS = {
  'src/bin/zrep-gate.ts': { launcher: 'src/bin/launcher.sh', failed: 70 },
  'src/bin/zrep.ts': { launcher: 'src/bin/zrep-launcher.sh', failed: 1 },
  'src/bin/zrep-expire.ts': { launcher: 'src/bin/zrep-launcher.sh', failed: 1 },
};

/** What programs load on need: bundles of their own, since reading unused code takes time, too. */
const LATER = [
  'src/gate/admin.ts',
  'src/gate/session.ts',
  'src/gate/audit/remote-syslog.ts',
  'src/policy/find-mistakes.ts',
  'src/policy/toml-problem.ts',
  'src/client/far/their-state.ts',
  'src/client/run/spinner.ts',
  'src/client/verbs/doctor.ts',
  'src/client/verbs/pair.ts',
  'src/client/verbs/snapshots.ts',
];

/** Points each `import('…')` at the bundle that LATER makes of it. */
const loadLater: Plugin = {
  name: 'load-later',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ kind, path }) => {
      if (kind !== 'dynamic-import') return undefined;
      const name = basename(path, '.ts');
      if (!LATER.some((later) => basename(later, '.ts') === name)) throw new Error(`add ${path} to LATER`);
      return { path: `./${name}.cjs`, external: true };
    });
  },
};

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');
const { metafile } = await build({
  entryPoints: [...Object.keys(LAUNCHERS), ...LATER],
  entryNames: '[name]',
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  // Paths in the bundles are the same wherever node_modules is.
  preserveSymlinks: true,
  // Older than what runs the programs, so that a Node which is too old can read them, and they can say so.
  target: 'node12.22',
  // Node 18 does not have it. Both load what they are asked for when they are called.
  define: { 'process.getBuiltinModule': 'module.require' },
  format: 'cjs',
  // import() as require(): Node's loader for modules would cost a start-up of its own.
  supported: { 'dynamic-import': false },
  plugins: [loadLater],
  // Half as much to read and compile at every start; names stay, for the sake of a stack trace in a log.
  minifyWhitespace: true,
  minifySyntax: true,
  metafile: true,
});
for (const [source, { launcher, failed }] of Object.entries(LAUNCHERS)) {
  const program = basename(source, '.ts');
  const bundle = `dist/${program}.cjs`;
  const check = versionCheck(program, manifest.engines.node, failed);
  // Behind the directive, which has to stay the first statement.
  const checked = readFileSync(bundle, 'utf8').replace(/^"use strict";|^/, (first) => first + check);
  writeFileSync(bundle, behindLauncher(launcher, checked));
  chmodSync(bundle, 0o755);
}
writeFileSync('dist/THIRD-PARTY-LICENSES', licences(metafile));
for (const folder of ['dist/man', 'dist/completion']) mkdirSync(folder);
for (const program of PROGRAMS) {
  const others = PROGRAMS.filter((one) => one !== program).map(({ name }) => name);
  writeFileSync(`dist/man/${program.name}.8`, manualPage(program, others, manifest.version));
  writeFileSync(`dist/completion/${program.name}.bash`, completionScript(program));
}

/**
 * The launcher and the bundle in one file: to sh a program that ends before the bundle, to JavaScript a comment in
 * front of it. So sh needs no process to find the bundle behind npm's link, and the two are never of two versions.
 */
function behindLauncher(launcher: string, bundle: string): string {
  const [shebang, ...lines] = readFileSync(launcher, 'utf8').split('\n');
  const script = lines.join('\n');
  if (script.includes('*/')) throw new Error(`${launcher} has the end of a comment in it`);
  // A string, not a word: what follows a string may still be "use strict".
  return `${shebang}\n':' /*\n${script}*/\n${bundle}`;
}

/** The licence text of every package that has a file in a bundle. */
function licences({ inputs }: Metafile): string {
  const folders = Object.keys(inputs).map(
    (path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1],
  );
  return [...new Set(folders.filter((folder) => folder !== undefined))]
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      const text = file ? readFileSync(`${folder}/${file}`, 'utf8') : readLicenceSection(folder);
      return `${name} ${version}\n\n${text.trim()}\n`;
    })
    .join(`\n${'-'.repeat(72)}\n\n`);
}

/** syslog-client has its licence in its README only. */
function readLicenceSection(folder: string): string {
  const text = readFileSync(`${folder}/README.md`, 'utf8');
  const start = text.search(/^#+ licen[cs]e/im);
  if (start < 0) throw new Error(`${folder} has no licence that could be found`);
  return text.slice(start);
}
