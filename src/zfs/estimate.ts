/** How many bytes a stream will have, as `zfs send -nP` tells. Pure. */

/**
 * The estimate in what a dry run printed: its last line, `size`, a tab, and the sum (lib/libzfs/libzfs_sendrecv.c,
 * `estimate_size` and `zfs_send_cb_impl`). Lines above it, of single snapshots or of a resume token, are passed
 * over. Undefined for anything else: no estimate is better than a wrong one.
 */
export function parseEstimate(output: string): number | undefined {
  const lines = output.split('\n');
  const digits = lines.at(-1) === '' ? /^size\t(0|[1-9][0-9]*)$/.exec(lines.at(-2) ?? '')?.[1] : undefined;
  if (digits === undefined || lines.filter((line) => line.startsWith('size\t')).length > 1) return undefined;
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : undefined;
}
