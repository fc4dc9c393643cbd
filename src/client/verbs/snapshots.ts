/** `zrep snapshots`: the snapshots of file systems here, with what keeps each by the schedule of zrep-expire. */

import { readFileSync } from 'node:fs';
import { decideAll, type Verdict } from '../../expire/decide.ts';
import { DEFAULT_CONFIGURATION, readConfiguration } from '../../expire/read-config.ts';
import { readFacts } from '../../expire/read-zfs.ts';
import type { Configuration, Schedule } from '../../expire/schedule.ts';
import { printable } from '../../printable.ts';
import { mustSucceed } from '../../replication/step.ts';
import { readSnapshotsArgvs } from '../../zfs/argv.ts';
import { anyValue, type Listing, type Properties, parseListing } from '../../zfs/state.ts';
import { type BaseHere, baseByGuid } from '../look/base-by-guid.ts';
import { formatTimes } from '../look/dates.ts';
import type { PairView } from '../look/pair-view.ts';
import { readPairs } from '../look/read-pairs.ts';
import { rowsOf, type Sizes, type SnapshotRow, snapshotTable } from '../look/snapshot-table.ts';
import { drawTimelines } from '../look/timeline.ts';
import { Failure } from '../run/failure.ts';
import { inRun } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import { zrepFor } from '../words/again.ts';
import type { Settings } from '../words/settings.ts';
import type { SnapshotsCommand } from '../words/snapshots-words.ts';
import { isOfPair } from './pairs-here.ts';

interface Shown {
  readonly pair: PairView;
  /** Only with --verify. */
  readonly base: BaseHere | undefined;
  readonly rows: readonly SnapshotRow[];
}

/** Carries `command` out; the answer is the exit code. */
export function snapshots(settings: Settings, command: SnapshotsCommand): Promise<number> {
  return inRun(settings, false, async (run) => {
    const configuration = loadConfiguration(command.config);
    const pairs = await chosen(run, command);
    const now = Math.floor(Date.now() / 1000);
    const shown = await look(run, command, configuration, pairs, now);
    if (command.json) run.report.line(asJson(settings, shown, now));
    else for (const line of linesOf(settings, shown)) run.report.line(line);
    return 0;
  });
}

/** @throws Failure with the first mistake in it. */
function loadConfiguration(path: string | undefined): Configuration {
  if (path === undefined) return DEFAULT_CONFIGURATION;
  const read = readConfiguration(readText(path));
  if ('sections' in read) return read;
  const { line = 0, problem = '' } = read[0] ?? {};
  const place = line === 0 ? '' : `, line ${line}`;
  throw new Failure(
    `${printable(path)}${place}: ${problem}; zrep-expire --check -c ${printable(path)} tells of all mistakes`,
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(`${printable(path)} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

async function chosen(run: Run, { datasets }: SnapshotsCommand): Promise<PairView[]> {
  if (datasets.length === 0) {
    const pairs = await readPairs(run, 'all', (own) => isOfPair(own, run.settings.tag));
    if (pairs.length > 0) return pairs;
    throw new Failure(
      `no file system here belongs to a pair under the tag ${run.settings.tag}; name one, or give its tag: zrep -t TAG snapshots`,
    );
  }
  const pairs = await readPairs(run, datasets, () => true);
  const missing = datasets.find((name) => !pairs.some(({ dataset }) => dataset === name));
  if (missing === undefined) return pairs;
  throw new Failure(`${missing} does not exist; what there is: ${zrepFor(run.settings.tag)} list`, {
    unknown: missing,
  });
}

/** Decided as zrep-expire would at this moment, with its own reading of each. */
async function look(
  run: Run,
  { keep, verify }: SnapshotsCommand,
  configuration: Configuration,
  pairs: readonly PairView[],
  now: number,
): Promise<Shown[]> {
  const { report, settings, step } = run;
  const question = { tags: [settings.tag], keep };
  const live = { step, report, configuration, now, verbose: false, debug: false, question };
  const facts: { schedule: Schedule | undefined; snapshots: Verdict['snapshot'][] }[] = [];
  for (const { dataset } of pairs) {
    const { schedule, snapshots } = await readFacts(live, dataset);
    facts.push({ schedule, snapshots: [...snapshots] });
  }
  const sizes = await readSizes(run, pairs);
  const verdicts = decideAll(facts, { ...question, now });
  const bases: (BaseHere | undefined)[] = [];
  for (const pair of pairs) bases.push(verify ? await baseByGuid(run, pair) : undefined);
  return pairs.map((pair, index) => {
    const sizesOf = (name: string) => sizesIn(sizes, `${pair.dataset}@${name}`, settings.tag);
    return {
      pair,
      base: bases[index],
      rows: rowsOf(verdicts[index] ?? [], facts[index]?.schedule, sizesOf, now),
    };
  });
}

async function readSizes({ settings, step }: Run, pairs: readonly PairView[]): Promise<Listing> {
  const names = pairs.map(({ dataset }) => dataset);
  const properties = ['guid', 'used', 'referenced', `${settings.tag}:sent`];
  const all = new Map<string, Properties>();
  for (const argv of readSnapshotsArgvs(step.capabilities, names, properties)) {
    const { output } = mustSucceed(await step.zfs.ask(argv), names.join(' '));
    for (const [name, own] of parseListing(output)) all.set(name, own);
  }
  return all;
}

function sizesIn(listing: Listing, snapshot: string, tag: string): Sizes {
  const own = listing.get(snapshot);
  const number = (name: string) => {
    const text = anyValue(own, name);
    return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
  };
  const marked = own?.get(`${tag}:sent`)?.source.startsWith('inherited') === false;
  return {
    guid: anyValue(own, 'guid') ?? null,
    sent: marked ? number(`${tag}:sent`) : null,
    used: number('used'),
    referenced: number('referenced'),
  };
}

function asJson({ hostName, tag }: Settings, shown: readonly Shown[], now: number): string {
  const datasets = shown.map(({ pair, base, rows }) => ({
    dataset: pair.dataset,
    role: pair.role,
    ...(base !== undefined && { base: 'guid' in base ? (base.guid ?? null) : null, baseSays: sayBase(base) }),
    snapshots: rows,
  }));
  return JSON.stringify({ host: hostName, tag, time: now, datasets });
}

function linesOf({ dateFormat }: Settings, shown: readonly Shown[]): string[] {
  const times = shown.flatMap(({ rows }) =>
    rows.flatMap(({ sent, creation }) => (sent === null ? [creation] : [sent, creation])),
  );
  const dates = formatTimes(dateFormat, times);
  const tables = shown.flatMap(({ pair, base, rows }) => [
    titleOf(pair, rows),
    ...(base === undefined ? [] : [`  ${sayBase(base)}`]),
    ...(rows.length === 0 ? [] : snapshotTable(rows, dates)),
    '',
  ]);
  const timelines = shown.map(({ pair, rows }) => ({
    name: pair.dataset,
    marks: rows.map(({ ageSeconds, sent }) => ({ age: ageSeconds, sent: sent !== null })),
  }));
  const legend = '| a snapshot   # several   o not sent';
  return [...tables, ...drawTimelines(timelines, process.stdout.columns || 80), legend];
}

function sayBase(base: BaseHere): string {
  return 'guid' in base
    ? base.phrase
    : `which snapshot the next increment begins with is not known: ${printable(base.unseen)}`;
}

function titleOf({ dataset, role, source, destination }: PairView, rows: readonly SnapshotRow[]): string {
  const relation =
    role === 'source'
      ? `, source of ${destination.host ?? '-'}:${destination.dataset ?? '-'}`
      : role === 'copy'
        ? `, copy of ${source.host ?? '-'}:${source.dataset ?? '-'}`
        : '';
  const going = rows.filter(({ action }) => action === 'destroy').length;
  const count = `${rows.length} snapshot${rows.length === 1 ? '' : 's'}`;
  const goes = going === 0 ? '' : `, of which zrep-expire would destroy ${going}`;
  return printable(`${dataset}${relation}: ${count}${goes}`);
}
