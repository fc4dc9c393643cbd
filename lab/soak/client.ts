/**
 * A whole refresh, step by step as a stock client does it, dying where a stock client dies.
 *
 * What stock does about a refresh that did not come to its end: nothing. It has no memory of it. The next one makes a
 * newer snapshot, and the fileserver sends from the last one that carries a sent mark there. Where the stream had
 * arrived but the mark had not, the receiver already has the first snapshots of that stream; under the tag `zrep` the
 * stream is one of all steps (-I), of which `zfs receive` leaves out those that it has by GUID, without -F. The one
 * step (-i) of another tag would be refused there, until somebody says `zrep refresh -f` or marks the snapshot.
 *
 * As stock: the pull's outcome is that of `zfs receive` alone; what becomes of the marks and of expire is not asked.
 * Not as stock: the destination is not locked, which is no matter of the gate's.
 */

import type { Host, Result } from '../host.ts';
import { SAVECOUNT, type Setting, SHARED } from './setting.ts';

export type StepName = 'snaponly' | 'pull' | 'mark here' | 'mark there' | 'expire here' | 'expire there';

export interface Watcher {
  onStart?(step: StepName): void;
  onEnd?(step: StepName): void;
  /** True for a step that is to have an ssh connection of its own. */
  alone?(step: StepName): boolean;
  /** True once the client itself is dead: it takes no further step. */
  dead?(): boolean;
}

export type Refreshed =
  | { readonly done: true; readonly snapshot: string }
  | { readonly done: false; readonly step: StepName; readonly why: string };

export async function refresh(
  { fileserver, backup, pair: { source, destination, tag } }: Setting,
  watcher: Watcher = {},
): Promise<Refreshed> {
  const step = async (name: StepName, work: () => Promise<Result | undefined>) => {
    watcher.onStart?.(name);
    const result = await work();
    watcher.onEnd?.(name);
    const code = watcher.dead?.() ? 'the client is dead' : (result?.code ?? 0);
    return { result, code, why: [code, result?.stderr.trim()].filter((part) => part).join(': ') };
  };
  const connection = (name: StepName) => (watcher.alone?.(name) ? [] : SHARED);
  const ssh = (name: StepName, command: string) =>
    run(backup, ['ssh', ...connection(name), fileserver.name, command]);

  const made = await step('snaponly', () => ssh('snaponly', `zrep snaponly ${source}`));
  const snapshot = made.result?.stdout ?? '';
  if (made.code !== 0 || !snapshot.startsWith(`${source}@${tag}_`)) return failed('snaponly', made.why);
  const copy = `${destination}@${snapshot.slice(source.length + 1)}`;
  const sent = Math.floor(Date.now() / 1000);

  const script = 'destination=$1; shift; ssh "$@" | zfs receive "$destination"';
  const words = [destination, ...connection('pull'), fileserver.name, `zrep  _refreshpull ${snapshot}  `];
  const pulled = await step('pull', () => run(backup, ['bash', '-c', script, 'client', ...words]));
  if (pulled.code !== 0) return failed('pull', pulled.why);

  const rest: [StepName, () => Promise<Result | undefined>][] = [
    ['mark here', () => run(backup, ['zfs', 'set', `${tag}:sent=${sent}`, copy])],
    ['mark there', () => ssh('mark there', `zrep _refreshcomplete ${snapshot} ${tag}:sent=${sent}`)],
    ['expire here', () => expireHere(backup, destination, tag)],
    ['expire there', () => ssh('expire there', `zrep expire -L ${source}`)],
  ];
  let why: { step: StepName; why: string } | undefined;
  for (const [name, work] of rest) {
    const ended = await step(name, work);
    if (ended.code !== 0) why ??= { step: name, why: ended.why };
    if (watcher.dead?.()) break;
  }
  return why ? failed(why.step, why.why) : { done: true, snapshot };
}

/** The backup server's own expire: the newest by name are kept. */
async function expireHere(backup: Host, dataset: string, tag: string): Promise<Result | undefined> {
  const listed = await run(backup, ['zfs', 'list', '-H', '-o', 'name', '-t', 'snapshot', '-d', '1', dataset]);
  const names = listed.stdout.split('\n').filter((name) => name.startsWith(`${dataset}@${tag}_`));
  for (const name of names.sort().slice(0, -SAVECOUNT)) {
    const destroyed = await run(backup, ['zfs', 'destroy', name]);
    if (destroyed.code !== 0) return destroyed;
  }
  return listed;
}

function run(host: Host, argv: readonly string[]): Promise<Result> {
  return host.run(argv, { allowFail: true, timeoutMs: 300_000 });
}

function failed(step: StepName, why: string): Refreshed {
  return { done: false, step, why };
}
