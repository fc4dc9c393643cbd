/** What `zfs receive -v` says of the streams that it has taken in. Pure. */

/** lib/libzfs/libzfs_sendrecv.c, zfs_receive_one: `received 12.3M stream in 0.52 seconds (23.6M/sec)`; zfs-fuse has a B behind each. */
const RECEIVED = /^received (\d+(?:\.\d+)?)([BKMGTPE]?)B? stream in /gm;

const UNITS = ['', 'K', 'M', 'G', 'T', 'P', 'E'];

/** The bytes of all streams in `text`, to the three digits that zfs prints; undefined where it tells of none. */
export function parseReceived(text: string): number | undefined {
  const found = [...text.matchAll(RECEIVED)].map(
    ([, number = '', unit = '']) => Number(number) * 1024 ** Math.max(0, UNITS.indexOf(unit)),
  );
  return found.length === 0 ? undefined : Math.round(found.reduce((sum, bytes) => sum + bytes, 0));
}
