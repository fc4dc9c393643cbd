/** `zrep status` for machines: JSON, a monitoring plugin's lines and exit codes, a file for Prometheus. */

import { Interrupted } from '../../process/interruption.ts';
import type { Failing } from '../copies/copy-record.ts';
import type { MissingCopy } from '../copies/find-missing.ts';
import type { RetiredCopy } from '../copies/retirement.ts';
import { sayMissing, sayRetired } from '../copies/say-missing.ts';
import { checkLines, unknownLine } from '../look/check-lines.ts';
import { judge, nextOf, STATE_EXIT } from '../look/judge.ts';
import type { PairView } from '../look/pair-view.ts';
import { prometheusText } from '../look/prometheus.ts';
import { replaceFile } from '../look/replace-file.ts';
import { allFactsOf, type Judged, stateOf } from '../look/status-facts.ts';
import { verify } from '../look/verify.ts';
import { Failure } from '../run/failure.ts';
import { tell } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { Monitoring } from '../words/status-words.ts';

/** What there is to tell of. */
export interface Chosen {
  /** Those in service. */
  readonly pairs: readonly PairView[];
  readonly retired: readonly RetiredCopy[];
  /** Copies that were refreshed here, and are not here now. */
  readonly missing: readonly MissingCopy[];
  /** Names that were asked for and are of no pair; one of a missing copy is among them, too. */
  readonly strangers: readonly string[];
  /** Why it cannot be told whether these are all that are missing. */
  readonly problem: string | undefined;
  /** What keeps those in service from being refreshed, by their names. */
  readonly failures: ReadonlyMap<string, Failing>;
}

/** Tells of what `read` answers; the answer is the exit code. `named` are those that were asked for by name. */
export async function monitor(
  run: Run,
  monitoring: Monitoring,
  named: readonly string[],
  read: () => Promise<Chosen>,
): Promise<number> {
  const isPlugin = monitoring.warn !== undefined || monitoring.critical !== undefined;
  try {
    const chosen = await read();
    const nothing = nothingToTell(run, named, chosen);
    if (nothing !== undefined) throw new Failure(nothing);
    return await tellOf(run, monitoring, named, chosen, isPlugin);
  } catch (error) {
    if (!isPlugin || error instanceof Interrupted) throw error;
    // A plugin is read on standard output, in its first line.
    const said: string[] = [];
    tell({ ...run.report, warn: (text) => said.push(text) }, error);
    run.report.line(unknownLine(said.join('; ')));
    return STATE_EXIT.unknown;
  }
}

/** Why nothing can be told; undefined where something can. */
function nothingToTell(
  { settings: { tag } }: Run,
  named: readonly string[],
  { pairs, retired, missing, strangers }: Chosen,
): string | undefined {
  const stranger = strangers.find((name) => !missing.some(({ dataset }) => dataset === name));
  if (stranger !== undefined) return `${stranger} is not a zrep registered filesystem`;
  const [out] = retired;
  if (out !== undefined && named.length > 0) return sayRetired(out, tag);
  if (pairs.length + missing.length > 0) return undefined;
  return out === undefined
    ? `no file system here belongs to a pair under the tag ${tag}`
    : `every copy here under the tag ${tag} is retired`;
}

async function tellOf(
  run: Run,
  monitoring: Monitoring,
  named: readonly string[],
  { pairs, retired, missing, problem, failures }: Chosen,
  isPlugin: boolean,
): Promise<number> {
  const { report, settings } = run;
  const judged: Judged[] = [];
  for (const pair of pairs) {
    // Of a source that the other side pulls nothing is known here.
    const asked =
      monitoring.verify && (pair.role !== 'source' || pair.pushed || named.includes(pair.dataset));
    const verification = asked ? await verify(run, pair) : undefined;
    const failing = failures.get(pair.dataset);
    const judgement = judge(pair, monitoring, now(), verification, failing);
    judged.push({ pair, verification, failing, judgement });
  }
  const all = { judged, missing, retired, problem, tag: settings.tag };
  if (problem !== undefined && !isPlugin) report.warn(`WARNING: ${problem}`);
  if (monitoring.prometheus !== undefined) replaceFile(monitoring.prometheus, prometheusText(all, now()));
  const state = stateOf(all);
  if (monitoring.json) {
    const facts = { host: settings.hostName, tag: settings.tag, time: now(), state };
    report.line(JSON.stringify({ ...facts, ...allFactsOf(all, now()) }));
  } else if (isPlugin) for (const line of checkLines(all, monitoring, now())) report.line(line);
  else if (monitoring.verify) {
    for (const one of judged) tellVerified(run, one);
    for (const one of missing)
      report.line(
        `${one.dataset}: the next pull would FAIL: it is missing: ${sayMissing(one, settings.tag, now())}`,
      );
  }
  if (isPlugin) return STATE_EXIT[state];
  const well = judged.every(
    ({ verification }) => (verification?.verdict ?? 'would-succeed') === 'would-succeed',
  );
  return well && !(monitoring.verify && missing.length > 0) ? 0 : 1;
}

function tellVerified({ report }: Run, { pair, verification }: Judged): void {
  if (verification === undefined) return;
  const { verdict, why } = verification;
  const next = nextOf(pair);
  if (verdict === 'would-succeed')
    report.line(`${pair.dataset}: the next ${next} would succeed${why === undefined ? '' : `; ${why}`}`);
  else if (verdict === 'would-fail') report.line(`${pair.dataset}: the next ${next} would FAIL: ${why}`);
  else report.line(`${pair.dataset}: whether the next ${next} would succeed cannot be told: ${why}`);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
