/** Which ZFS the hosts have, and what their pools are called. */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';

/** 'zfs-fuse': a daemon on each host. 'kernel': one ZFS for all, so either host sees the pools of both. */
export type ZfsKind = 'zfs-fuse' | 'kernel';

export interface Pool {
  readonly name: string;
  readonly mountpoint: string;
  /** A block device for the pool to be on, of the kernel's ZFS; a file in memory when left out. */
  readonly device?: string;
  /** The pool is there already, from an earlier lab. */
  readonly exists?: boolean;
}

/** The pools of both hosts. */
export interface Pools {
  readonly fileserver: Pool;
  readonly backup: Pool;
}

export function zfsKind(): ZfsKind {
  return existsSync('/dev/zfs') ? 'kernel' : 'zfs-fuse';
}

/**
 * The pools `tank` and `vault`. In the kernel's ZFS, where pool names are the whole machine's, they carry a
 * random ending; they are mounted at /tank and /vault of their host all the same.
 */
export function pools(kind: ZfsKind): Pools {
  const ending = kind === 'kernel' ? `-${randomBytes(4).toString('hex')}` : '';
  return {
    fileserver: { name: `tank${ending}`, mountpoint: '/tank' },
    backup: { name: `vault${ending}`, mountpoint: '/vault' },
  };
}
