/**
 * `npm run package`: zrep-gate_VERSION_all.deb, and zrep-gate-VERSION.tgz for npm, into the folder that it is called in. Needs no
 * network. The same tree gives the same files, byte for byte. Fails where lintian finds an error, or something to warn of.
 *
 *   npm run package                    both
 *   npm run package -- --to FOLDER     into another folder, which is made
 *   npm run package -- --standalone    also zrep-gate-VERSION-linux-x64, one file for hosts without Node
 *   npm run package -- --pretend 0.2.0 a Debian package alone that calls itself so, with a changed policy.toml, to test an upgrade with
 */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import manifest from '../package.json' with { type: 'json' };
import { makeStandalone } from './standalone.ts';

/** What the Debian package is built of. */
const PARTS = [
  ...['src', 'build', 'debian', 'docs', 'systemd', 'cron.d', 'logrotate.d', 'sudoers.d'],
  ...['authorized_keys.example', 'README.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE', 'package.json'],
];

const options = {
  to: { type: 'string', default: '.' },
  pretend: { type: 'string' },
  standalone: { type: 'boolean', default: false },
} as const;

const loud = { stdout: 'inherit', stderr: 'inherit', stdin: 'ignore' } as const;

try {
  const { values } = parseArgs({ options });
  const to = resolve(values.to);
  mkdirSync(to, { recursive: true });
  if (values.pretend === undefined) await packForNpm(to);
  await packForDebian(to, values.pretend);
  if (values.standalone) console.log(await makeStandalone(to));
} catch (error) {
  console.error(`package: ${(error as Error).message}`);
  process.exitCode = 1;
}

/** By way of `prepack`, which builds. */
async function packForNpm(to: string): Promise<void> {
  await execa('npm', ['pack', '--silent', '--pack-destination', to], { stdin: 'ignore', stderr: 'inherit' });
  console.log(join(to, `zrep-gate-${manifest.version}.tgz`));
}

async function packForDebian(to: string, pretended: string | undefined): Promise<void> {
  const version = pretended ?? manifest.version;
  const folder = mkdtempSync(join(tmpdir(), 'zrep-gate-package-'));
  try {
    const tree = join(folder, `zrep-gate-${version}`);
    copyTree(tree);
    if (pretended !== undefined) pretend(tree, pretended);
    // -d: what has to be there is node and node_modules, and those need not come from Debian packages.
    const argv = ['-us', '-uc', '-b', '-d'];
    const built = { cwd: tree, all: true, reject: false, stdin: 'ignore' } as const;
    const { exitCode, all } = await execa('dpkg-buildpackage', argv, built);
    if (exitCode !== 0) throw new Error(`dpkg-buildpackage failed:\n${all}`);
    const name = `zrep-gate_${version}_all.deb`;
    if (pretended === undefined) await lintian(join(folder, name));
    cpSync(join(folder, name), join(to, name));
    console.log(join(to, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws Error where the changelog of the package is of another version. */
function copyTree(tree: string): void {
  mkdirSync(tree);
  for (const part of PARTS) cpSync(part, join(tree, part), { recursive: true });
  symlinkSync(resolve('node_modules'), join(tree, 'node_modules'));
  if (!readFileSync('debian/changelog', 'utf8').startsWith(`zrep-gate (${manifest.version}) `))
    throw new Error(`debian/changelog does not begin with the version of package.json, ${manifest.version}`);
}

/** Makes it the tree of another version, which ships another policy.toml. */
function pretend(tree: string, version: string): void {
  const change = (path: string, changed: (text: string) => string) =>
    writeFileSync(join(tree, path), changed(readFileSync(join(tree, path), 'utf8')));
  change('debian/changelog', (text) => text.replace(manifest.version, version));
  change('package.json', () => JSON.stringify({ ...manifest, version }));
  change('debian/policy.toml', (text) => `# This is the file of version ${version}.\n${text}`);
}

async function lintian(deb: string): Promise<void> {
  const argv = ['--allow-root', '--no-cfg', '--fail-on', 'error,warning', deb];
  await execa('lintian', argv, loud).catch(() => {
    throw new Error('lintian found something, see above');
  });
}
