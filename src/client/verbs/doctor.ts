/** `zrep doctor`: looks at pairs, says what is wrong with them, and with --fix mends it. Loaded on need. */

import { basename } from 'node:path';
import { Interrupted } from '../../process/interruption.ts';
import { taggedSnapshots } from '../../replication/snapshots.ts';
import { ZfsFailed } from '../../replication/step.ts';
import type { Dataset } from '../../zfs/names.ts';
import type { Listing } from '../../zfs/state.ts';
import { readRecordFile, recordFile } from '../copies/record-file.ts';
import { retiredIn } from '../copies/retirement.ts';
import { missingCopies } from '../copies/survey.ts';
import { diagnose, diagnoseStranger, foundTwice } from '../doctor/diagnose.ts';
import { exitCodeFor, type Finding } from '../doctor/finding.ts';
import { fixGlobalLock, fixPair } from '../doctor/fix.ts';
import { diagnoseGlobalLock } from '../doctor/global-lock.ts';
import { lookAgain, lookAtPair, lookAtWorld, withSnapshots } from '../doctor/look.ts';
import { diagnoseMissing, diagnoseRecord, diagnoseRetired } from '../doctor/missing.ts';
import { type Diagnosis, diagnosisAsJson, formatDiagnosis } from '../doctor/report.ts';
import { configured, type Scene, type There, type World } from '../doctor/scene.ts';
import { lookAtUncovered } from '../doctor/uncovered.ts';
import { Failure } from '../run/failure.ts';
import { inRun, tell } from '../run/in-run.ts';
import type { Run } from '../run/run.ts';
import type { DoctorCommand } from '../words/doctor-words.ts';
import type { Settings } from '../words/settings.ts';

const COULD_NOT_LOOK = 3;

/** Seconds; a host that is not there is found out soon. */
const CONNECT = 10;

/** Carries `command` out; the answer is the exit code. */
export function doctor(settings: Settings, command: DoctorCommand): Promise<number> {
  return inRun({ ...settings, ssh: quietly(settings.ssh) }, false, async (run) => {
    try {
      return await examine(run, command);
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      tell(run.report, error);
      return COULD_NOT_LOOK;
    }
  });
}

/** ssh asks nobody for a password: under cron and in monitoring it would wait for ever. What SSH says itself comes first. */
function quietly(words: readonly string[]): readonly string[] {
  if (basename(words[0] ?? '') !== 'ssh') return words;
  return [...words, '-o', 'BatchMode=yes', '-o', `ConnectTimeout=${CONNECT}`];
}

async function examine(run: Run, command: DoctorCommand): Promise<number> {
  const { settings, report } = run;
  const mended: Finding[] = [];
  if (command.fix) {
    const note = (one: Finding) => mended.push(one);
    await fixGlobalLock(run, diagnoseGlobalLock(settings.rundir), note);
    await eachPair(run, command, async (world, scene, found) => {
      const there: There | undefined = command.here ? { unasked: true } : undefined;
      try {
        await fixPair(run, world, scene.dataset, found, there, note);
      } catch (error) {
        if (!(error instanceof Failure || error instanceof ZfsFailed)) throw error;
        tell(report, error, scene.dataset);
      }
    });
  }
  // With --fix this is what is left.
  const findings: Finding[] = diagnoseGlobalLock(settings.rundir);
  const looked: Diagnosis['looked'][number][] = [];
  const scenes: Scene[] = [];
  let listing: Listing = new Map();
  const others = await eachPair(run, command, async (world, scene, found) => {
    const { dataset, role, peer, there } = scene;
    listing = world.listing;
    scenes.push(scene);
    findings.push(...found);
    const other = peer === undefined ? '?' : `${peer.host.name}:${peer.dataset}`;
    looked.push({ dataset, role, other, seen: 'side' in there });
  });
  findings.push(...others);
  // Who names pairs asks about these.
  if (command.datasets.length === 0) findings.push(...(await lookAtUncovered(run, listing, scenes)));
  const diagnosis = { host: settings.hostName, tag: settings.tag, looked, findings, mended };
  report.print(command.json ? diagnosisAsJson(diagnosis) : formatDiagnosis(diagnosis, width()));
  return exitCodeFor(findings);
}

/** Looks at each pair that was asked for; the answer is what there is to tell of copies that are none, or not any more. */
async function eachPair(
  run: Run,
  command: DoctorCommand,
  work: (world: World, scene: Scene, found: readonly Finding[]) => Promise<void>,
): Promise<Finding[]> {
  const { tag } = run.settings;
  const bare = await lookAtWorld(run);
  const pairs = configured(bare.listing, tag);
  const others = othersIn(run, bare.listing, pairs, command);
  const datasets = command.datasets.length > 0 ? command.datasets : pairs;
  if (datasets.length + others.length === 0)
    throw new Failure(
      `there is no pair here under the tag ${tag}; see whether all pools are imported: zpool list`,
    );
  const known = datasets.filter((dataset) => pairs.includes(dataset));
  const world = await withSnapshots(run, bare, known);
  for (const dataset of known) {
    const [scene, found] = await examinePair(run, world, dataset, command);
    await work(world, scene, found);
  }
  const told = new Set<string>(others.map(({ where }) => where));
  const strangers = datasets.filter((dataset) => !pairs.includes(dataset) && !told.has(dataset));
  const own = strangers.filter((dataset) => bare.listing.has(dataset));
  const seen = (await withSnapshots(run, bare, own)).own;
  const wasPair = (dataset: string) =>
    taggedSnapshots(seen.get(dataset) ?? new Map(), dataset, tag).length > 0;
  return [
    ...others,
    ...strangers.map((dataset) => diagnoseStranger(bare.listing, dataset, tag, wasPair(dataset))),
  ];
}

/** Copies that are missing, or retired: those that were asked for by name, or all. */
function othersIn(
  run: Run,
  listing: Listing,
  pairs: readonly Dataset[],
  { datasets }: DoctorCommand,
): Finding[] {
  const { settings } = run;
  const now = Math.floor(Date.now() / 1000);
  const read = readRecordFile(settings);
  const { missing } = missingCopies(run, listing, read);
  // What is looked at as a pair is told of there.
  const gone = missing.filter((one) => !('now' in one && pairs.includes(one.now)));
  const found = [
    ...diagnoseMissing(gone, settings.tag, now),
    ...retiredIn(listing, settings.tag).map((one) => diagnoseRetired(one, settings.tag, now)),
  ];
  if (datasets.length > 0) return found.filter(({ where }) => datasets.some((name) => name === where));
  const { problem } = read;
  return problem === undefined ? found : [...found, diagnoseRecord(recordFile(settings), problem)];
}

/** Where something is wrong, a second time: a refresh may have been at work between the looks at the two sides. */
async function examinePair(
  run: Run,
  world: World,
  dataset: Dataset,
  { here }: DoctorCommand,
): Promise<[Scene, Finding[]]> {
  const there: There | undefined = here ? { unasked: true } : undefined;
  const scene = await lookAtPair(run, world, dataset, there);
  const first = diagnose(scene);
  if (exitCodeFor(first) !== 1) return [scene, first];
  const again = await lookAtPair(run, await lookAgain(run, world, dataset), dataset, there);
  return [again, foundTwice(first, diagnose(again))];
}

function width(): number {
  return Math.min(Math.max(process.stdout.columns ?? 100, 60), 120);
}
