/**
 * Test files, each made into one file of JavaScript with what it imports of ours. That starts in a third of the time which node
 * takes with tsx, half a second here and two in a guest, and there are 200 of them.
 */

import { readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { makeRunFolder } from './run-folder.ts';
import { PROJECT } from './start-host.ts';

interface Bundles {
  /** The words for node, in the checkout, that run a test file. */
  of(file: string): string[];
  remove(): void;
}

/** They are in the checkout, since they find their packages from there. @throws Error for what esbuild cannot read. */
export async function bundleTests(files: readonly string[]): Promise<Bundles> {
  const folder = makeRunFolder();
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const built = build({
    absWorkingDir: PROJECT,
    entryPoints: [...files],
    outbase: PROJECT,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    // Failures name the lines of the sources.
    sourcemap: 'inline',
    sourcesContent: false,
    plugins: [ownPlace],
    logLevel: 'silent',
  });
  await built.catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    of: (file) => ['--enable-source-maps', join(relative(PROJECT, folder), file.replace(/\.ts$/, '.mjs'))],
    remove,
  };
}

/** A module goes on finding what lies beside it in the checkout, wherever that is then. */
const ownPlace: Plugin = {
  name: 'own-place',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const checkout = "process.getBuiltinModule('node:url').pathToFileURL(process.cwd() + '/')";
      const words = `new URL(${JSON.stringify(relative(PROJECT, path))}, ${checkout}).href`;
      return {
        loader: 'ts',
        contents: readFileSync(path, 'utf8').replaceAll(/import\.meta\.url/g, () => words),
      };
    });
  },
};
