/**
 * What the installed zfs can do beyond the least, which is zfs-fuse: told by the kernel module's own lists in
 * sysfs, with a stat(2) an answer and no process, and only when somebody asks.
 *
 * OpenZFS lists there what the loaded module knows (module/os/linux/zfs/zfs_sysfs.c), since 2018-09. The lists
 * have pool features and properties, not command lines, so each capability is told by a name that came into the
 * same source later than it. Where nothing is listed, as with zfs-fuse, nothing is believed.
 */

import { existsSync } from 'node:fs';

/** The module's folder, and where ZFS is built into the kernel: ZFS_SYSFS_DIR, ZFS_SYSFS_ALT_DIR (zfs_sysfs.h). */
const FOLDERS = ['/sys/module/zfs', '/sys/fs/zfs'];

const SIGNS = {
  // `zfs destroy fs@a,b,c` came in 2011-11, several properties in one `zfs set` in 2015-07; this in 2018-02.
  batches: 'features.pool/org.zfsonlinux:project_quota',
  // `zfs bookmark` came with the feature, in 2013-12.
  bookmarks: 'features.pool/com.delphix:bookmarks',
  // `zfs send -nP` came in 2011-11; this, with `-t`, of which sizes are asked as well, in 2016-01.
  estimates: 'properties.dataset/receive_resume_token',
  // `zfs receive -x` and `-o` came in 2017-05; this in 2018-02.
  excludes: 'features.pool/org.zfsonlinux:project_quota',
  // `zfs receive -s` came with the property.
  resume: 'properties.dataset/receive_resume_token',
  // `encryption` and `keystatus`: zfs get fails altogether for a property that it does not know.
  encryption: 'properties.dataset/keystatus',
  written: 'properties.dataset/written',
  // Channel programs that set properties and make bookmarks (zfs-program(8)) came with OpenZFS 2.0, as did this.
  programs: 'features.pool/org.openzfs:device_rebuild',
  // Where the kernel's own module is loaded, `zfs send` writes its stream itself, so that /proc shows whether it waits.
  stalls: 'version',
} as const;

export type Capability = keyof typeof SIGNS;

/** The names of what the installed zfs can do. */
export type Capabilities = Pick<ReadonlySet<Capability>, 'has'>;

/** What the zfs of this machine can do, as `folders` have it; each is looked up once. */
export function installedCapabilities(folders: readonly string[] = FOLDERS): Capabilities {
  const found = new Map<Capability, boolean>();
  const look = (capability: Capability): boolean => {
    const there =
      folders.some((folder) => existsSync(`${folder}/${SIGNS[capability]}`)) &&
      // Channel programs are root's alone.
      (capability !== 'programs' || process.getuid?.() === 0);
    found.set(capability, there);
    return there;
  };
  return { has: (capability) => found.get(capability) ?? look(capability) };
}
