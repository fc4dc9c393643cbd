/**
 * `zrep refresh` beside what it takes the place of: the same work as a stock client has it done, by a session of ssh
 * for each step to a plain `sh -c` forced command; and, for much data, `ssh zfs send | zfs receive` and nothing else.
 *
 * The stock zrep itself is a program of somebody else's and no part of this checkout: what its four commands have
 * zfs do is written out here, without its own start-up, which makes it look faster than it is.
 */

import { installBuild, installPolicy, letInAs } from '../lab/installation.ts';
import type { Lab } from '../lab/lab.ts';
import { makePair, type Pair, writeData } from '../lab/pair.ts';
import { authorize } from '../lab/ssh.ts';
import { median, seconds } from './timing.ts';

export interface RefreshResult {
  readonly name: string;
  /** Seconds, medians of the rounds. */
  readonly stock: number;
  readonly ours: number;
  /** Ours to theirs, the median of the rounds' own ratios. */
  readonly ratio: number;
}

const PLAIN = 'ssh -i /root/.ssh/plain -o IdentitiesOnly=yes fileserver';

/** One and twenty file systems with nothing to send, and one with `mebibytes`; `rounds` of each, in turns. */
export async function measureRefresh(
  lab: Lab,
  mebibytes: number,
  rounds: number,
): Promise<readonly RefreshResult[]> {
  const { fileserver, backup } = lab;
  await installBuild(backup, { program: 'zrep' });
  const grant = `[[client.refresh.grant]]
dataset = "${fileserver.pool}/refresh"
subtree = true
operations = ["pull", "expire"]`;
  const limits =
    '[limits]\nsnapshots-per-hour = 3600\nkeep-at-least = 1\nkeep-for = "0 seconds"\nfree-space = "0%"';
  await installPolicy(
    fileserver,
    `[audit]\nsyslog = "off"\nrequired = false\n${limits}\n[client.refresh]\n${grant}\n`,
  );
  await fileserver.script('rm -f /root/.ssh/authorized_keys');
  await letInAs(lab, 'refresh', 'root');
  const { publicKey } = await lab.sshKey('plain');
  await authorize(fileserver, 'root', `restrict,command="sh -c \\"$SSH_ORIGINAL_COMMAND\\"" ${publicKey}`);

  await backup.run(['zfs', 'create', '-p', `${backup.pool}/refresh`]);
  const pairs: Pair[] = [];
  for (let index = 0; index < 20; index += 1)
    pairs.push(await makePair(lab, `refresh/p${index}`, { savecount: 2 }));
  const [first] = pairs as [Pair];
  const results = [
    await measure(lab, 'nothing to send, 1 file system', [first], rounds),
    await measure(lab, 'nothing to send, 20 file systems', pairs, Math.ceil(rounds / 2)),
  ];
  const news = async () => {
    await fileserver.script(`rm -f "$(zfs get -H -o value mountpoint ${first.source})"/noise`);
    await writeData(fileserver, first.source, 'noise', mebibytes * 1024);
  };
  const without = `${mebibytes} MiB, nothing expired, beside the raw pipe`;
  results.push(await measure(lab, without, [first], 5, { news, raw: true }));
  return results;
}

interface Kind {
  /** What is done before each refresh. */
  readonly news?: () => Promise<void>;
  /**
   * The pipe alone, instead of the four commands. It expires nothing, and so neither does ours, within what is measured:
   * on zfs-fuse to destroy a snapshot of 1 GiB takes about as long as to stream it.
   */
  readonly raw?: boolean;
}

async function measure(
  { fileserver, backup }: Lab,
  name: string,
  pairs: readonly Pair[],
  rounds: number,
  { news = async () => {}, raw = false }: Kind = {},
): Promise<RefreshResult> {
  const run = (script: string) => seconds(() => backup.run(['bash', '-ec', script], { timeoutMs: 600_000 }));
  const stock = () => run(pairs.map((pair) => (raw ? rawScript(pair) : stockScript(pair))).join('\n'));
  const destinations = pairs.map(({ destination }) => destination).join(' ');
  const ours = () => run(`${raw ? 'ZREP_SKIP_EXPIRE=1 ' : ''}zrep refresh ${destinations} >/dev/null`);
  const expire = async ({ source, destination }: Pair) => {
    await fileserver.script(expireScript(source));
    await backup.script(expireScript(destination));
  };
  const times: { stock: number; ours: number }[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const turn: { stock?: number; ours?: number } = {};
    // Each goes first in turn.
    for (const who of round % 2 === 0 ? (['stock', 'ours'] as const) : (['ours', 'stock'] as const)) {
      await news();
      turn[who] = await (who === 'stock' ? stock() : ours());
      if (raw) for (const pair of pairs) await expire(pair);
    }
    // The first fills caches, and does not count.
    if (round >= 0) times.push(turn as { stock: number; ours: number });
  }
  return {
    name,
    stock: median(times.map((one) => one.stock)),
    ours: median(times.map((one) => one.ours)),
    ratio: median(times.map((one) => one.ours / one.stock)),
  };
}

/** Shell that finds the two newest snapshots of a pair, by name: \`old\` here, and \`new\`, the next one. */
function names({ destination }: Pair): string {
  return `
old=$(zfs list -H -o name -t snapshot -r -d 1 ${destination} | grep '@zrep_' | tail -n 1); old=\${old#*@}
new=$(printf 'zrep_%06x' $((16#\${old#zrep_} + 1)))
now=$(date +%s)`;
}

/** snaponly, _refreshpull, _refreshcomplete and expire -L, as zfs commands, each with a connection of its own. */
function stockScript(pair: Pair): string {
  const { source, destination } = pair;
  return `${names(pair)}
${PLAIN} "zfs snapshot ${source}@$new"
${PLAIN} "zfs send -I ${source}@$old ${source}@$new" | zfs receive ${destination}
zfs set zrep:sent=$now ${destination}@$new
${PLAIN} "zfs set zrep:sent=$now ${source}@$new"
${expireScript(destination)}
${PLAIN} "${expireScript(source)}"`;
}

/** Of a dataset's snapshots the newest two stay. */
function expireScript(dataset: string): string {
  return `zfs list -H -o name -t snapshot -r -d 1 ${dataset} | grep @zrep_ | head -n -2 | xargs -r -n 1 zfs destroy`;
}

/** The stream alone, with the marks that the other side's next refresh needs. */
function rawScript(pair: Pair): string {
  const { source, destination } = pair;
  return `${names(pair)}
${PLAIN} "zfs snapshot ${source}@$new && zfs send -I ${source}@$old ${source}@$new && zfs set zrep:sent=$now ${source}@$new" | zfs receive ${destination}
zfs set zrep:sent=$now ${destination}@$new`;
}
