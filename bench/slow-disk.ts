/** A disk in a guest whose requests take longer than they would: dm-delay over a file in memory. */

import { execa } from 'execa';

export interface SlowDisk {
  /** /dev/dm-N. */
  readonly device: string;
  /** Milliseconds that each request takes from now on, however many there are at a time. */
  setDelay(milliseconds: number): Promise<void>;
}

/** One of `megabytes`, called `name`, that goes with the guest. It begins without delay. */
export async function makeSlowDisk(name: string, megabytes: number): Promise<SlowDisk> {
  const shell = async (script: string) =>
    (await execa('bash', ['-euc', script], { env: { DM_DISABLE_UDEV: '1' } })).stdout.trim();
  const disk = await shell(`
    truncate -s ${megabytes}M /root/${name}.img
    losetup --find --show /root/${name}.img`);
  const table = (delay: number) => `0 ${megabytes * 2048} delay ${disk} 0 ${delay}`;
  await shell(`dmsetup create ${name} --table '${table(0)}'`);
  const minor = await shell(`dmsetup info --columns --noheadings --options minor ${name}`);
  return {
    device: `/dev/dm-${minor}`,
    async setDelay(milliseconds) {
      await shell(`
        dmsetup load ${name} --table '${table(milliseconds)}'
        dmsetup suspend ${name}
        dmsetup resume ${name}`);
    },
  };
}
