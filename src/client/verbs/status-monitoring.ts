/** `zrep status` for machines: JSON, a monitoring plugin's lines and exit codes, a file for Prometheus. */

import { Interrupted } from '../../process/interruption.ts';
import { checkLines, unknownLine } from '../look/check-lines.ts';
import { judge, STATE_EXIT, worst } from '../look/judge.ts';
import type { PairView } from '../look/pair-view.ts';
import { prometheusText } from '../look/prometheus.ts';
import { replaceFile } from '../look/replace-file.ts';
import { factsOf, type Judged } from '../look/status-facts.ts';
import { verify } from '../look/verify.ts';
import { Failure } from '../run/failure.ts';
import { tell } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { Monitoring } from '../words/status-words.ts';

/** What there is to tell of; `missing` where one that was named is of no pair. */
type Read = () => Promise<{ readonly told: readonly PairView[]; readonly missing: Failure | undefined }>;

/** Tells of what `read` answers; the answer is the exit code. `named` are those that were asked for by name. */
export async function monitor(
  run: Run,
  monitoring: Monitoring,
  named: readonly string[],
  read: Read,
): Promise<number> {
  const isPlugin = monitoring.warn !== undefined || monitoring.critical !== undefined;
  try {
    const { told, missing } = await read();
    if (missing !== undefined) throw missing;
    if (told.length === 0)
      throw new Failure(`no file system here belongs to a pair under the tag ${run.settings.tag}`);
    return await tellOf(run, monitoring, named, told, isPlugin);
  } catch (error) {
    if (!isPlugin || error instanceof Interrupted) throw error;
    // A plugin is read on standard output, in its first line.
    const said: string[] = [];
    tell({ ...run.report, warn: (text) => said.push(text) }, error);
    run.report.line(unknownLine(said.join('; ')));
    return STATE_EXIT.unknown;
  }
}

async function tellOf(
  run: Run,
  monitoring: Monitoring,
  named: readonly string[],
  pairs: readonly PairView[],
  isPlugin: boolean,
): Promise<number> {
  const { report, settings } = run;
  const judged: Judged[] = [];
  for (const pair of pairs) {
    // Of a source nothing is pulled from here.
    const asked = monitoring.verify && (pair.role !== 'source' || named.includes(pair.dataset));
    const verification = asked ? await verify(run, pair) : undefined;
    judged.push({ pair, verification, judgement: judge(pair, monitoring, now(), verification) });
  }
  if (monitoring.prometheus !== undefined)
    replaceFile(monitoring.prometheus, prometheusText(judged, settings.tag, now()));
  const state = worst(judged.map(({ judgement }) => judgement.state));
  if (monitoring.json) {
    const datasets = judged.map((one) => factsOf(one, now()));
    report.line(JSON.stringify({ host: settings.hostName, tag: settings.tag, time: now(), state, datasets }));
  } else if (isPlugin) for (const line of checkLines(judged, monitoring, now())) report.line(line);
  else if (monitoring.verify) for (const one of judged) tellVerified(run, one);
  if (isPlugin) return STATE_EXIT[state];
  const well = judged.every(
    ({ verification }) => (verification?.verdict ?? 'would-succeed') === 'would-succeed',
  );
  return well ? 0 : 1;
}

function tellVerified({ report }: Run, { pair, verification }: Judged): void {
  if (verification === undefined) return;
  const { verdict, why } = verification;
  if (verdict === 'would-succeed') report.line(`${pair.dataset}: the next pull would succeed`);
  else if (verdict === 'would-fail') report.line(`${pair.dataset}: the next pull would FAIL: ${why}`);
  else report.line(`${pair.dataset}: whether the next pull would succeed cannot be told: ${why}`);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
