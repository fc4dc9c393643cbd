/** Which ZFS the hosts have, and what their pools are called. */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';

/** 'zfs-fuse': a daemon on each host. 'kernel': one ZFS for all, so either host sees the pools of both. */
export type ZfsKind = 'zfs-fuse' | 'kernel';

export interface Pool {
  readonly name: string;
  readonly mountpoint: string;
}

export function zfsKind(): ZfsKind {
  return existsSync('/dev/zfs') ? 'kernel' : 'zfs-fuse';
}

/**
 * The pools `tank` and `vault`. In the kernel's ZFS, where pool names are the whole machine's, they carry a
 * random ending; they are mounted at /tank and /vault of their host all the same.
 */
export function pools(kind: ZfsKind): { fileserver: Pool; backup: Pool } {
  const ending = kind === 'kernel' ? `-${randomBytes(4).toString('hex')}` : '';
  return {
    fileserver: { name: `tank${ending}`, mountpoint: '/tank' },
    backup: { name: `vault${ending}`, mountpoint: '/vault' },
  };
}
