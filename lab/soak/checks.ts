/** What has to hold once a refresh has come to its end, whatever happened to those before it. */

import type { Host } from '../host.ts';
import type { Pair } from '../pair.ts';
import { processesOn, VICTIMS } from './processes.ts';
import { SAVECOUNT, type Setting } from './setting.ts';

interface Snapshot {
  readonly name: string;
  readonly guid: string;
  readonly sent: string;
}

/** The GUIDs of all snapshots that there ever were on the fileserver, by name, in the order in which they were made. */
export type History = Map<string, string>;

/** What is wrong after any refresh, dead or not: the newest snapshots stay, whatever expire had come to. */
export async function checkKept(history: History, { fileserver, pair }: Setting): Promise<string[]> {
  const here = await snapshotsOf(fileserver, pair.source, pair.tag);
  const wrong = note(history, here);
  const wanted = [...history.keys()].slice(-SAVECOUNT);
  const gone = wanted.filter((wantedName) => !here.some(({ name }) => name === wantedName));
  return [...wrong, ...gone.map((name) => `${name} is gone from the fileserver`)];
}

function note(history: History, found: readonly Snapshot[]): string[] {
  const wrong: string[] = [];
  for (const { name, guid } of found) {
    const known = history.get(name) ?? guid;
    if (known !== guid) wrong.push(`${name} is another snapshot now: ${guid}, was ${known}`);
    history.set(name, guid);
  }
  return wrong;
}

/** What is wrong after a refresh that went well; nothing, it is to be hoped. */
export async function checkRecovered(
  history: History,
  setting: Setting,
  snapshot: string,
): Promise<string[]> {
  const { fileserver, backup, pair } = setting;
  const here = await snapshotsOf(fileserver, pair.source, pair.tag);
  const wrong = note(history, here);
  const there = await snapshotsOf(backup, pair.destination, pair.tag);
  const wanted = [...history].slice(-SAVECOUNT);
  for (const [side, found] of Object.entries({ fileserver: here, 'backup server': there })) {
    if (describe(found) !== describe(wanted.map(([name, guid]) => ({ name, guid }))))
      wrong.push(`on the ${side} there is ${describe(found)} instead of ${wanted.map(([name]) => name)}`);
  }
  const last = [here.at(-1), there.at(-1)];
  if (last.some((one) => one === undefined || `${pair.source}@${one.name}` !== snapshot || !isMark(one.sent)))
    wrong.push(`${snapshot} is not the newest with a mark on both sides: ${JSON.stringify(last)}`);
  wrong.push(
    ...(await checkData(setting)),
    ...(await checkLocks(setting, pair)),
    ...(await checkProcesses(setting)),
  );
  return wrong;
}

function describe(snapshots: readonly Pick<Snapshot, 'name' | 'guid'>[]): string {
  return snapshots.map(({ name, guid }) => `${name}=${guid}`).join(' ');
}

function isMark(sent: string): boolean {
  return /^\d+$/.test(sent);
}

/** The files themselves, as both sides see them. */
async function checkData({ fileserver, backup }: Setting): Promise<string[]> {
  const sums = await Promise.all(
    [fileserver, backup].map((host) => host.script(`cd ${host.mountpoint}/home && sha256sum *`)),
  );
  return sums[0]?.stdout === sums[1]?.stdout
    ? []
    : [`files: ${sums.map(({ stdout }) => stdout).join(' is not ')}`];
}

async function checkLocks({ fileserver }: Setting, { source, tag }: Pair): Promise<string[]> {
  const argv = [
    'zfs',
    'get',
    '-H',
    '-o',
    'property,value',
    '-s',
    'local',
    `${tag}:lock-pid,${tag}:lock-time`,
    source,
  ];
  const { stdout: own } = await fileserver.run(argv);
  const { stdout: global } = await fileserver.script('ls -d /run/zrep.lock* 2>/dev/null || true');
  return [own, global].filter((text) => text !== '').map((text) => `a lock is left: ${text.trim()}`);
}

/** Nothing of any round runs on; what has just been killed may take ten seconds to go. */
async function checkProcesses({ fileserver, backup, spared }: Setting): Promise<string[]> {
  const hosts = { fileserver, backup };
  const strays = () =>
    Object.values(VICTIMS).flatMap(({ on, is }) =>
      processesOn(hosts[on]).flatMap(({ pid, words }) =>
        is(words) && !spared.has(pid) ? [`${on}: ${pid} ${words.join(' ')}`] : [],
      ),
    );
  for (let attempt = 0; attempt < 100 && strays().length > 0; attempt += 1)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return strays().map((stray) => `still runs on the ${stray}`);
}

/** Of a dataset itself, oldest first, by one zfs: it takes its time here. */
async function snapshotsOf(host: Host, dataset: string, tag: string): Promise<Snapshot[]> {
  const words = ['-d', '1', '-s', 'createtxg', '-t', 'snapshot', '-o', `name,guid,${tag}:sent`];
  const { stdout } = await host.run(['zfs', 'list', '-Hp', ...words, dataset]);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [name = '', guid = '', sent = ''] = line.split('\t');
      return { name: name.slice(dataset.length + 1), guid, sent };
    });
}
