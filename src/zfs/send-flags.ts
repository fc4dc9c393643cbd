/**
 * The options of `zfs send` that can be used here, from zfs-send(8); -D, -d, -h, -s, -S, -t, -U, -V, -X are not, and
 * -n, -P and -v only as a dry run.
 */

export type SendFlag = 'L' | 'R' | 'b' | 'c' | 'e' | 'p' | 'w';

/** Every send flag, in the order in which they are printed. */
export const SEND_FLAGS = ['L', 'R', 'b', 'c', 'e', 'p', 'w'] as const satisfies readonly SendFlag[];

/** Of a dry run: nothing is sent, `P` is for programs to read, `v` says more of it. */
export type DryRun = 'nP' | 'nvP';

/** Long names of the options of a dry run, without their dashes. */
export const LONG_DRY_RUN_FLAGS: ReadonlyMap<string, string> = new Map([
  ['dryrun', 'n'],
  ['parsable', 'P'],
  ['verbose', 'v'],
]);

/** Long names, without their dashes. */
export const LONG_SEND_FLAGS: ReadonlyMap<string, SendFlag> = new Map([
  ['large-block', 'L'],
  ['replicate', 'R'],
  ['backup', 'b'],
  ['compressed', 'c'],
  ['embed', 'e'],
  ['props', 'p'],
  ['raw', 'w'],
]);

/** The short name of a send option, `-c` or `--compressed`; undefined for any other word. */
export function readSendFlag(word: string): SendFlag | undefined {
  const long = word.startsWith('--') ? LONG_SEND_FLAGS.get(word.slice(2)) : undefined;
  return long ?? SEND_FLAGS.find((flag) => word === `-${flag}`);
}
