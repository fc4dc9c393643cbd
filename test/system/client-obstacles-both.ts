/**
 * What is in the way between both sides: nothing in common, yet or any more; keys that are not loaded; and a tree below them. Every
 * program says the same of it, and the line that they print mends it.
 */

import t from 'tap';
import type { Host } from '../../lab/host.ts';
import { writeData } from '../../lab/pair.ts';
import { snapshotNames } from '../fixtures/system/gate-lab.ts';
import { pairProperties } from '../fixtures/system/histories/pair.ts';
import { insist } from '../fixtures/system/insist.ts';
import { GRANTED, inObstacleLab } from '../fixtures/system/obstacles.ts';

await inObstacleLab(t, async (lab) => {
  const { fileserver, backup, there, here } = lab;

  /** As behind a set-up there. */
  const unsent = async (source: string, destination: string) => {
    await insist(backup, ['zfs', 'destroy', '-r', destination]);
    await fileserver.script(`zfs destroy ${source}@zrep_000001; zfs destroy ${source}@zrep_000002
      zfs inherit zrep:sent ${source}@zrep_000000`);
  };

  const encrypted = (host: Host, folder: string) =>
    host.script(`head -c 32 /dev/urandom >/run/lab/key
      zfs create -o encryption=on -o keyformat=raw -o keylocation=file:///run/lab/key ${folder}`);
  const lock = (host: Host, folder: string, child: string) =>
    host.script(`for one in ${child} ${folder}; do
        [ "$(zfs get -Ho value mounted $one)" = no ] || zfs unmount $one
      done; zfs unload-key ${folder}`);
  const parent = (dataset: string) => dataset.slice(0, dataset.lastIndexOf('/'));

  lab.checks(
    {
      code: 'no-common-snapshot',
      // As another tool does that prunes by its own rules.
      async breaks({ source }) {
        for (const name of await snapshotNames(fileserver, source))
          await there('zfs', 'destroy', `${source}@${name}`);
        // Or the next one would have the number of one that is here.
        await there('zfs', 'snapshot', `${source}@zrep_000007`);
      },
    },
    {
      code: 'no-common-snapshot',
      name: 'no-common-snapshot, of an empty copy',
      async breaks({ world, source, destination }) {
        await unsent(source, destination);
        await here('zfs', 'create', destination);
        // zfs-fuse does not rename what was just mounted: "dataset is busy".
        await here('zfs', 'unmount', destination);
        for (const one of pairProperties(world, 'copy')) await here('zfs', 'set', one, destination);
      },
    },
    {
      code: 'first-stream',
      // Of a first stream that was cut off, a zfs that cannot resume keeps nothing.
      needs: ['resume'],
      async breaks({ world, source, destination }) {
        await unsent(source, destination);
        const set = pairProperties(world, 'copy').flatMap((one) => ['-o', one]);
        const receive = ['-u', '-s', ...set, destination];
        await world.carry(['source', [`${source}@zrep_000000`]], ['copy', receive], 40_000);
      },
    },
    {
      code: 'copy-modified',
      name: 'in the line for a pair whose streams are recursive is -R, which nobody gave',
      needs: ['receive -x'],
      line: /^zrep -R refresh -f /,
      async breaks({ source, destination }) {
        await there('zfs', 'create', `${source}/child`);
        await lab.policy(GRANTED.replace('subtree = true', 'subtree = true\nrecursive = true'));
        await here('zrep', '-R', 'refresh', destination);
        await here('zfs', 'set', 'readonly=off', destination);
        await here('zfs', 'mount', destination);
        await writeData(backup, destination, 'change', 64);
        await here('zfs', 'set', 'readonly=on', destination);
      },
    },
    {
      code: 'key-not-loaded',
      needs: ['raw'],
      gate: 'says',
      prepares: ({ source }) => encrypted(fileserver, source),
      breaks: ({ source }) => lock(fileserver, parent(source), source),
    },
    {
      code: 'copy-key-not-loaded',
      needs: ['raw'],
      prepares: ({ copy }) => encrypted(backup, copy),
      breaks: ({ destination }) => lock(backup, parent(destination), destination),
    },
  );
});
