/**
 * What is said to the far side, byte for byte as stock zrep says it: blanks and all, since gatekeepers and logs have
 * learned these strings. test/compliance/client-strings.ts has them as recorded from stock. Pure.
 */

import type { Settings } from '../words/settings.ts';

/** What of the settings is on the wire. */
type Wire = Pick<Settings, 'zrepPath' | 'tag' | 'recursive' | 'outFilter' | 'debug'>;

export function snaponlyCommand({ zrepPath, recursive }: Wire, dataset: string): string {
  return [zrepPath, ...(recursive ? ['-R'] : []), 'snaponly', dataset].join(' ');
}

/** Two blanks in front, and an empty word for each of token and filter that there is none of. */
export function refreshpullCommand(wire: Wire, snapshot: string, token = ''): string {
  const { zrepPath, recursive, outFilter } = wire;
  const filter = outFilter === undefined ? '' : `| ${outFilter}`;
  return withDebug(wire, `${zrepPath} ${recursive ? '-R' : ''} _refreshpull ${snapshot} ${token} ${filter}`);
}

/** The same from the snapshot or bookmark of that GUID, whatever is marked there. Our gate's own. */
export function refreshpullFromCommand(wire: Wire, snapshot: string, guid: string): string {
  return refreshpullCommand(wire, snapshot, `from=${guid}`);
}

export function refreshcompleteCommand(
  { zrepPath }: Pick<Wire, 'zrepPath'>,
  snapshot: string,
  mark: string,
): string {
  return `${zrepPath} _refreshcomplete ${snapshot} ${mark}`;
}

/** The same, and `expireCommand` in the same change, if that can be: the answer has what that prints, or nothing. Our gate's own. */
export function completeAndExpireCommand(
  wire: Pick<Wire, 'zrepPath'>,
  snapshot: string,
  mark: string,
): string {
  return `${refreshcompleteCommand(wire, snapshot, mark)} expire`;
}

export function expireCommand(wire: Wire, dataset: string): string {
  return withDebug(wire, `${wire.zrepPath} expire -L ${dataset}`);
}

/**
 * What stock makes of a command under -D, of those that it has as one word: the tag twice, and blanks lost. But where no
 * stock zrep understands what stock says (`-D -R`, and a word of ZREP_PATH left over), it is what they do understand.
 */
export function withDebug(
  { zrepPath, tag, debug }: Pick<Wire, 'zrepPath' | 'tag' | 'debug'>,
  command: string,
): string {
  if (!debug) return command;
  const program = tag === 'zrep' ? zrepPath : zrepPath.slice(0, -` -t ${tag}`.length);
  const words = command.slice(program.length).split(' ');
  const [first = '', ...rest] = words.filter((word) => word !== '');
  return first === '-R'
    ? [zrepPath, '-R', '-D', ...rest].join(' ')
    : [zrepPath, '-D', first, ...rest].join(' ');
}

/** All that a pair, or a whole tree (`-R`), is judged by, in one answer. Our gate's own. */
export function stateCommand({ zrepPath }: Pick<Wire, 'zrepPath'>, dataset: string, isTree = false): string {
  return `${zrepPath}${isTree ? ' -R' : ''} _state ${dataset}`;
}

/** Which snapshot that is, beyond its name. */
export function guidCommand(snapshot: string): string {
  return `zfs get -Hp -o value guid ${snapshot}`;
}

/** Sets a pair up there; answers with the first snapshot's name. Our gate's own. */
export function initCommand(
  { zrepPath, recursive }: Wire,
  source: string,
  here: string,
  destination: string,
  savecount: number,
): string {
  const words = [...(recursive ? ['-R'] : []), '_init', source, here, destination, savecount];
  return [zrepPath, ...words].join(' ');
}

/** Takes back what `initCommand` of the same ends did. Our gate's own. */
export function uninitCommand(
  { zrepPath, recursive }: Wire,
  source: string,
  here: string,
  destination: string,
): string {
  return [zrepPath, ...(recursive ? ['-R'] : []), '_uninit', source, here, destination].join(' ');
}

/** The first stream, whole. Our gate's own. */
export function initpullCommand(
  { zrepPath, recursive, outFilter }: Wire,
  snapshot: string,
  token?: string,
): string {
  const words = [
    ...(recursive ? ['-R'] : []),
    '_initpull',
    snapshot,
    ...(token === undefined ? [] : [token]),
  ];
  const filter = outFilter === undefined ? [] : [`| ${outFilter}`];
  return [zrepPath, ...words, ...filter].join(' ');
}

/** zfs's own words for the increment from `base`, a snapshot or a bookmark in full: where zrep there would begin elsewhere. */
export function sendCommand(
  { tag, recursive, outFilter, sendFlags }: Wire & Pick<Settings, 'sendFlags'>,
  base: string,
  snapshot: string,
): string {
  const filter = outFilter === undefined ? [] : [`| ${outFilter}`];
  const [root, from] = [recursive ? ['-R'] : [], through(tag, base)];
  return ['zfs send', ...root, ...sendFlags, from, base, snapshot, ...filter].join(' ');
}

/** zfs send -I takes no bookmark. */
function through(tag: string, base: string): '-i' | '-I' {
  return tag === 'zrep' && !base.includes('#') ? '-I' : '-i';
}

/** How long an increment would be: zfs's dry run. */
export function estimateCommand(tag: string, base: string, snapshot: string): string {
  return `zfs send -nP ${through(tag, base)} ${base} ${snapshot}`;
}
