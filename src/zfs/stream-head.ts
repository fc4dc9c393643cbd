/**
 * The records that a stream of `zfs send` is told by (include/sys/zfs_ioctl.h, `dmu_replay_record_t`): what it begins
 * with, and what ends a package. In the byte order of who sent it. Pure.
 *
 * A stream is of one snapshot, and carries no properties; or it is a package: a record that says so, with a list of file
 * systems and their properties behind it where there are any (`-p`, `-R`) and without one for `-I`, then an end record, then
 * streams or packages, then another end record (lib/libzfs/libzfs_sendrecv.c, `send_prelim_records`, `zfs_send_cb_impl`).
 */

/** Bytes of a record, without what is behind it. */
export const RECORD = 312;

const [BEGIN, END] = [0, 5];
const MAGIC = 0x2f5bacbacn;
const [STREAM, PACKAGE] = [1, 2];
/** Of drr_versioninfo, above its two low bits. */
const [RAW, HOLDS] = [1n << 24n, 1n << 26n];

export interface Begin {
  readonly package: boolean;
  /** Bytes behind the record that belong to it. */
  readonly payload: number;
  readonly raw: boolean;
  /** zfs receive is told to set the holds that the list has. */
  readonly holds: boolean;
  /** DATASET@SNAPSHOT of the last snapshot, as the sender calls it. */
  readonly toname: string;
  /** GUID of the snapshot that an incremental stream begins with; '0' for a full stream, and for a package. */
  readonly fromguid: string;
}

/** What the record in `bytes` is; undefined when it is none that a stream, or a stream in a package, begins or ends with. */
export function readRecord(bytes: Buffer): Begin | 'end' | undefined {
  if (bytes.length < RECORD) return undefined;
  const little = bytes.readBigUInt64LE(8) === MAGIC;
  if (!little && bytes.readBigUInt64BE(8) !== MAGIC)
    // An end has no magic number; libzfs takes both byte orders.
    return [bytes.readUInt32LE(0), bytes.readUInt32BE(0)].includes(END) ? 'end' : undefined;
  const number = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const version = little ? bytes.readBigUInt64LE(16) : bytes.readBigUInt64BE(16);
  const type = Number(version & 3n);
  const [toname = '', ...rest] = bytes.toString('latin1', 56, RECORD).split('\0');
  if (number(0) !== BEGIN || (type !== STREAM && type !== PACKAGE)) return undefined;
  if (rest.length === 0 || !/^[^@]+@[^@]+$/.test(toname)) return undefined;
  const features = version >> 2n;
  return {
    package: type === PACKAGE,
    payload: number(4),
    raw: (features & RAW) !== 0n,
    holds: (features & HOLDS) !== 0n,
    toname,
    fromguid: String(little ? bytes.readBigUInt64LE(48) : bytes.readBigUInt64BE(48)),
  };
}
