/** A replicated pair of file systems, in the state in which `zrep init` leaves it. */

import { randomBytes } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Host } from './host.ts';
import type { Lab } from './lab.ts';
import { zfsKind } from './zfs.ts';

export interface Pair {
  readonly source: string;
  readonly destination: string;
  readonly tag: string;
}

export interface PairOptions {
  readonly tag?: string;
  readonly savecount?: number;
}

/** POOL/NAME on the fileserver, replicated once to POOL/NAME on the backup server. */
export async function makePair(
  lab: Lab,
  name: string,
  { tag = 'zrep', savecount = 5 }: PairOptions = {},
): Promise<Pair> {
  const { fileserver, backup } = lab;
  const pair = { source: `${fileserver.pool}/${name}`, destination: `${backup.pool}/${name}`, tag };
  const first = `${pair.source}@${tag}_000000`;
  const properties = {
    'src-fs': pair.source,
    'src-host': fileserver.name,
    'dest-fs': pair.destination,
    'dest-host': backup.name,
    savecount: String(savecount),
  };
  const settings = Object.entries(properties).map(([name, value]) => `${tag}:${name}=${value}`);
  const options = [...settings, `${tag}:master=yes`].flatMap((setting) => ['-o', setting]);
  await fileserver.run(['zfs', 'create', '-p', ...options, pair.source]);
  await writeData(fileserver, pair.source, 'first', 64);
  await fileserver.run(['zfs', 'snapshot', first]);
  await carry(lab, ['zfs', 'send', first], ['zfs', 'receive', pair.destination]);
  await setAll(backup, [...settings, 'readonly=on'], pair.destination);
  const sent = `${tag}:sent=${Math.floor(Date.now() / 1000)}`;
  await fileserver.run(['zfs', 'set', sent, first]);
  await backup.run(['zfs', 'set', sent, `${pair.destination}@${tag}_000000`]);
  return pair;
}

/** zfs-fuse sets one property at a time. */
async function setAll(host: Host, settings: readonly string[], dataset: string): Promise<void> {
  if (zfsKind() === 'kernel') await host.run(['zfs', 'set', ...settings, dataset]);
  else await host.script(settings.map((setting) => `zfs set '${setting}' '${dataset}'`).join('\n'));
}

/** A stream from the fileserver to the backup server, by a kernel pipe, as the administrator's first copy. */
export async function carry(
  { fileserver, backup }: Lab,
  send: readonly string[],
  receive: readonly string[],
): Promise<void> {
  const sender = fileserver.spawn(send, { stdio: ['ignore', 'pipe', 'inherit'] }).child;
  const receiver = backup.spawn(receive, { stdio: [sender.stdout, 'inherit', 'inherit'] }).child;
  const ends = [sender, receiver].map(
    (child) => new Promise<number | null>((resolve) => child.on('exit', resolve)),
  );
  // The receiver has it; held open here, too, the sender would never hear that nobody reads.
  sender.stdout?.destroy();
  const codes = await Promise.all(ends);
  if (codes.some((code) => code !== 0))
    throw new Error(`${send.join(' ')} | ${receive.join(' ')}: exit codes ${codes.join(', ')}`);
}

/** `kibibytes` of noise in a file of the dataset's, so that there is something to send. */
export async function writeData(host: Host, dataset: string, file: string, kibibytes: number): Promise<void> {
  const folder = host.path(join(host.mountpoint, dataset.slice(host.pool.length)));
  if ((await stat(folder)).dev === (await stat(dirname(folder))).dev)
    throw new Error(`${dataset} is not mounted below ${host.mountpoint}`);
  const handle = await open(join(folder, file), 'w');
  try {
    for (let left = kibibytes; left > 0; left -= 1024)
      await handle.writeFile(randomBytes(1024 * Math.min(left, 1024)));
  } finally {
    await handle.close();
  }
}

/** The snapshots of a dataset, oldest first, with what tells them apart; each with the mark of the tag that its name begins with. */
export async function snapshotsOf(
  host: Host,
  dataset: string,
): Promise<{ name: string; guid: string; sent: string }[]> {
  const ask = async (properties: string) => {
    const argv = [
      'zfs',
      'get',
      '-Hp',
      '-r',
      '-d',
      '1',
      '-o',
      'name,property,value,source',
      properties,
      dataset,
    ];
    const rows = (await host.run(argv)).stdout.split('\n').map((line) => line.split('\t'));
    return rows.filter(([name]) => name?.startsWith(`${dataset}@`)) as [string, string, string, string][];
  };
  const found = (await ask('guid')).map(([name, , guid]) => ({ name, guid, mark: `${tagOf(name)}:sent` }));
  if (found.length === 0) return [];
  const marks = new Map<string, string>();
  for (const [name, property, value, source] of await ask(
    [...new Set(found.map(({ mark }) => mark))].join(','),
  ))
    if (source === 'local') marks.set(`${name} ${property}`, value);
  return found.map(({ name, guid, mark }) => ({
    name: name.slice(dataset.length + 1),
    guid,
    sent: marks.get(`${name} ${mark}`) ?? '',
  }));
}

function tagOf(snapshot: string): string {
  return /@(.*)_/.exec(snapshot)?.[1] ?? 'zrep';
}
