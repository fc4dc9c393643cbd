/**
 * Variables that change what a program does before its first line: the loader's, the shells', node's and OpenSSL's.
 * Pure. From ld.so(8), bash(1), dash(1), node(1), openssl-env(7), and sudo's own list of bad ones.
 */

import { fitsPattern } from './sshd-settings.ts';

const NAMES = [
  'LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'BASH_ENV', 'ENV', 'PATH', 'NODE_OPTIONS', 'NODE_V8_COVERAGE',
  'NODE_PATH', 'NODE_EXTRA_CA_CERTS', 'OPENSSL_CONF', 'OPENSSL_MODULES', 'SHELLOPTS', 'BASHOPTS', 'PS4', 'IFS', 'HOME',
  'BASH_FUNC_x%%', 'GLIBC_TUNABLES', 'GCONV_PATH', 'LOCPATH', 'NLSPATH', 'MALLOC_CHECK_', 'TMPDIR', 'PERL5OPT',
  'PYTHONPATH', 'SHLVL',
]; // biome-ignore format: one table

/** Whatever begins so is dangerous, also under names that are not known here. */
const BEGINNINGS = ['LD_', 'NODE_', 'BASH_', 'OPENSSL_'];

/** Some dangerous variables that `pattern` lets through, the worst first; [] for a pattern that lets none. */
export function dangersIn(pattern: string): string[] {
  const found = NAMES.filter((name) => fitsPattern(name, pattern));
  if (found.length > 0) return found;
  return BEGINNINGS.some((beginning) => pattern.startsWith(beginning)) ? [pattern] : [];
}

/** A few of them, as words for a sentence. */
export function named(names: readonly string[]): string {
  const [few, more] = [names.slice(0, 4), names.length - 4];
  return few.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
