/**
 * /etc/default/zrep, which stock zrep sources as shell, read for what such files hold: assignments.
 *
 * Understood are `VAR=value`, `export VAR=value`, quotes, and `VAR=${VAR:-value}`, by which the environment goes first; a
 * plain assignment goes before the environment, since sourcing comes after it. Nothing is executed, and what is not
 * understood is passed over with a warning, never guessed at; so is what stands in an `if`, a loop or a function.
 * As with a policy, root believes a file only when nobody else can have written it.
 */

import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { ownershipProblems } from '../../policy/ownership.ts';
import { hidesWhatFollows, nesting, readAssignments } from './assignments.ts';
import type { Variables } from './settings.ts';
import { UsageError } from './usage-error.ts';

export const DEFAULT_FILE = '/etc/default/zrep';

/** What zrep looks at. ZREP_ZFS is ours; stock's PERL_BIN, Z_LOCK_RETRY and _ZREP_CHECKFILE mean nothing here. */
const KNOWN = new Set([
  ...['SSH', 'ZREP_PATH', 'ZREPTAG', 'DEBUG', 'MBUFFER', 'BBCP', 'ZREP_ZFS'],
  ...['ZREP_OUTFILTER', 'ZREP_INFILTER', 'ZREP_SEND_FLAGS', 'ZREP_RESUME_FLAGS', 'ZREP_INC_FLAG'],
  ...['ZREP_R', 'ZREP_FORCE', 'ZREP_VERBOSE', 'ZREP_RESUME', 'ZREP_SKIP_EXPIRE', 'ZREP_SAVE_COUNT'],
  ...['ZREP_SRC_HOST', 'ZREP_RUNDIR', 'ZREP_STATEDIR', 'ZREP_CREATE_FLAGS', 'ZREP_INIT_REMOTE_PROPERTIES'],
  ...['ZREP_RENAME_UNSENT', 'ZREP_CHANGEDONLY', 'ZREP_DATEFORMAT', 'ZREP_WAIT'],
]);

/** Nobody's has more. Bytes. */
const MOST = 65_536;

export interface Defaulted {
  /** The environment as it is behind the file. */
  readonly variables: Variables;
  /** For a person, each naming a line. */
  readonly warnings: readonly string[];
}

/** What `text` makes of `environment`. Pure. */
export function applyDefaults(text: string, environment: Variables): Defaulted {
  const variables = new Map(Object.entries(environment));
  const current = (name: string): string | undefined => variables.get(name);
  const warnings: string[] = [];
  /** How many of the shell's constructs are open: in one, no line is certain to be run. */
  let open = 0;
  let continued = false;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/\r$/, '');
    const assigned: ReadonlyMap<string, string> | undefined =
      open === 0 && !continued ? readAssignments(line, current) : undefined;
    continued = assigned === undefined && line.endsWith('\\');
    for (const [name, value] of assigned ?? []) if (KNOWN.has(name)) variables.set(name, value);
    if (assigned !== undefined || /^\s*(?:#|$)/.test(line)) continue;
    const place = `WARNING: ${DEFAULT_FILE}, line ${index + 1}`;
    if (hidesWhatFollows(line)) {
      warnings.push(`${place} is no plain VARIABLE=value: it is ignored, and so is all that follows`);
      break;
    }
    warnings.push(`${place} is no plain VARIABLE=value: it is ignored`);
    open = Math.max(0, open + nesting(line));
  }
  return { variables: Object.fromEntries(variables), warnings };
}

/**
 * The text of the file at `path`; undefined when there is none.
 *
 * @throws UsageError when it cannot be read, or when we are root and somebody else could have written it.
 */
export function readDefaultFile(
  path: string = DEFAULT_FILE,
  root: boolean = process.geteuid?.() === 0,
): string | undefined {
  const descriptor = open(path);
  if (descriptor === undefined) return undefined;
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) return undefined;
    const [untrusted] = root ? ownershipProblems(path, found) : [];
    if (untrusted !== undefined)
      throw new UsageError(`${untrusted.problem}, so root cannot go by it; run: ${untrusted.remedy}`);
    if (found.size > MOST)
      throw new UsageError(`${path} has ${found.size} bytes, more than the ${MOST} allowed`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** NONBLOCK, so that a FIFO in the file's place opens at once, and is then passed over, as stock does. */
function open(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UsageError(`${path} cannot be read (${code}); mend that, e.g.: chmod a+r ${path}`);
  }
}
