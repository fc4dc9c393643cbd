/**
 * Filters: a client's `| lz4 -c` stands for a fixed argv, never for what the client wrote.
 *
 * The built-in ones run with arguments that cannot be turned against the host; what clients usually write is
 * listed with each, accepted, and not passed on. A filter of the policy's own is named alone, or with exactly
 * its arguments.
 */

import type { FilterRequest } from '../command/request.ts';
import { type Refusal, refuse } from '../refusal.ts';

interface BuiltIn {
  readonly argv: readonly string[];
  /** The argument lists, joined by blanks, that are known to ask for no more than `argv` does. */
  readonly accepts: RegExp;
  readonly known: string;
}

const BUILT_IN: ReadonlyMap<string, BuiltIn> = new Map([
  ['gzip', { argv: ['/usr/bin/gzip', '-c'], accepts: /^(?: ?-(?:[1-9cqn]|-fast|-best|-stdout))*$/, known: '-c, -q, -n, -1 to -9' }],
  ['lz4', { argv: ['/usr/bin/lz4', '-z', '-q', '-c'], accepts: /^(?: ?-(?:[1-9czq]|1[0-2])| -$)*$/, known: '-c, -z, -q, -1 to -12' }],
  ['zstd', { argv: ['/usr/bin/zstd', '-q', '-c'], accepts: /^(?: ?-(?:[1-9cqz]|1[0-9]|T[0-9]{1,2}|-fast))*$/, known: '-c, -q, -1 to -19, -T' }],
  ['mbuffer', { argv: ['/usr/bin/mbuffer', '-q', '-m', '64M'], accepts: /^(?: ?-q| ?-[msbP] [0-9]{1,9}[kMGb%]?)*$/, known: '-q, -m, -s, -b, -P' }],
]); // biome-ignore format: one table

/** The argv of every filter: the built-in ones, and `own`, which may replace them. */
export function filterTable(
  own: Readonly<Record<string, { argv: readonly string[] }>>,
): Map<string, readonly string[]> {
  const table = new Map<string, readonly string[]>();
  for (const [name, { argv }] of BUILT_IN) table.set(name, argv);
  for (const [name, { argv }] of Object.entries(own)) table.set(name, argv);
  return table;
}

/** The argv that `request` stands for, given the names that are granted. */
export function resolveFilter(
  request: FilterRequest,
  granted: readonly string[],
  table: ReadonlyMap<string, readonly string[]>,
): readonly string[] | Refusal {
  const argv = granted.includes(request.name) ? table.get(request.name) : undefined;
  if (argv === undefined) return refuse('filter-not-granted', request.name);
  const written = request.arguments.join(' ');
  const own = argv.slice(1).join(' ');
  if (written === '' || written === own) return argv;
  const builtIn = BUILT_IN.get(request.name);
  if (builtIn?.argv === argv && builtIn.accepts.test(written)) return argv;
  return refuse('filter-arguments', request.name, builtIn?.argv === argv ? builtIn.known : own || 'none');
}
