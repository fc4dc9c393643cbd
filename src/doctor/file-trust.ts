/** Who can change what lies at a path: every folder on the way, links and where they lead, and the file itself. */

import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { ownershipProblems } from '../policy/ownership.ts';
import type { Code } from './codes.ts';
import { type Finding, finding } from './findings.ts';

export interface Place {
  readonly path: string;
  readonly stats: Stats;
}

/** As the kernel has it (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * The places that the kernel comes by on the way to `path`, an absolute one, each once and links themselves left out, which `onLink` is
 * told; the last one is what `path` leads to.
 *
 * @throws Error when something on the way is not there, or may not be looked at.
 */
export function wayTo(path: string, onLink: (link: Place) => void = () => {}): Place[] {
  const way = new Map<string, Place>();
  const visit = (place: string) => {
    way.delete(place);
    way.set(place, { path: place, stats: lstatSync(place) });
    return place;
  };
  let links = 0;
  const names = path.split('/');
  let at = visit('/');
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === '' || name === '.') continue;
    // Of links nothing is left in `at`, so that ".." is what it is to the kernel.
    const place = join(at, name);
    const stats = lstatSync(place);
    if (!stats.isSymbolicLink()) {
      at = visit(place);
      continue;
    }
    onLink({ path: place, stats });
    links += 1;
    if (links > MOST_LINKS) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
    const target = readlinkSync(place);
    names.unshift(...target.split('/'));
    if (target.startsWith('/')) at = visit('/');
  }
  return [...way.values()];
}

/** A finding for each place on the way to `path` that is not root's alone; it may be one of `owners`, too. */
export function untrusted(
  path: string,
  code: Code = 'file-not-roots',
  owners: readonly number[] = [],
): Finding[] {
  return wayTo(path).flatMap(({ path, stats: { uid, mode } }) =>
    ownershipProblems(path, { uid: owners.includes(uid) ? 0 : uid, mode }).map(({ problem, remedy }) =>
      finding(code, path, problem, 'Run:', remedy),
    ),
  );
}

/** Who asks for a file. */
export interface Reader {
  readonly uid: number;
  readonly groups: readonly number[];
}

/** The place on the way to a file at which `reader` is turned away; undefined when the file can be read. Pure. */
export function barrier(way: readonly Place[], { uid, groups }: Reader): string | undefined {
  const last = way.length - 1;
  return way.find(({ stats: { uid: owner, gid, mode } }, index) => {
    const shift = owner === uid ? 6 : groups.includes(gid) ? 3 : 0;
    const needed = index === last ? 0o4 : 0o1;
    return uid !== 0 && ((mode >> shift) & needed) === 0;
  })?.path;
}
