/** The two ends of a failover that are not in one's hands: what did not come to stepping down, and the other side's part. */

import { succeeded } from '../../process/pipeline.ts';
import { mustSucceed } from '../../replication/step.ts';
import type { Properties } from '../../zfs/state.ts';
import type { Answer } from '../far/answer.ts';
import { mayPass } from '../far/ask-again.ts';
import type { FarSide } from '../far/far-side.ts';
import { farLines } from '../far/far-text.ts';
import { masterCommand } from '../far/push-commands.ts';
import { takeoverCommand } from '../far/role-commands.ts';
import { reasonOf } from '../far/ssh-failure.ts';
import { type Ends, endsProperties, readEnds } from '../roles/ends.ts';
import { masterArgvs, readonlyBackArgv } from '../roles/plan.ts';
import { withRoleLock } from '../roles/role-lock.ts';
import { Failure } from '../run/failure.ts';
import type { Run } from '../run/run.ts';
import { zrepAgain } from '../words/again.ts';

/** This side is the copy now. */
export interface Stepped {
  readonly ends: Ends;
  /** Its properties while it was the master; undefined where an earlier failover saw them. */
  readonly before: Properties | undefined;
}

/** Readonly is put back; the answer is `error`, with what is the master. */
export async function stillMaster(
  { settings, step, report }: Run,
  { here, there }: Ends,
  before: Properties | undefined,
  error: unknown,
): Promise<unknown> {
  const back = await step.zfs.ask(readonlyBackArgv(here.dataset, before));
  const writable = succeeded(back)
    ? 'and readonly is as it was'
    : `but readonly could not be put back: zfs inherit readonly ${here.dataset}`;
  report.warn(`failover failed: ${here.dataset} is the master as before, ${writable}`);
  const unreachable = error instanceof Failure && /cannot connect|not reachable/.test(error.message);
  if (unreachable) report.warn(withoutLogin(settings, { here, there }));
  return error;
}

/** For a pair that is pulled, through a gate, by a host that nobody else can log in to. */
function withoutLogin(settings: Run['settings'], { here, there }: Pick<Ends, 'here' | 'there'>): string {
  const zrep = zrepAgain(settings);
  return `where ${there.host.name} pulls, and this host cannot log in there: here zfs set readonly=on ${here.dataset}; there ${zrep} refresh ${there.dataset}; here ${zrep} failover -L ${here.dataset}; there ${zrep} takeover -L ${there.dataset}`;
}

/**
 * Who is not the master cannot step down, unless an earlier failover did it and came no further.
 *
 * @throws Failure in stock's words.
 */
export async function refuseUnlessUnfinished(
  run: Run,
  { here, there, side }: Ends,
  local: boolean,
): Promise<void> {
  const { settings, report } = run;
  const refusal = `${here.dataset} not master. Cannot fail over`;
  const other = `${there.host.name}:${there.dataset}`;
  if (side !== 'copy') throw new Failure(refusal);
  if (local) throw new Failure(`${refusal} (it is the copy of ${other})`);
  const answer = await run.far(there.host).ask(masterCommand(settings.tag, there.dataset));
  if (!succeeded(answer))
    throw new Failure(`${refusal}; and whether ${other} is the master cannot be known (${said(answer)})`);
  if (answer.output.trim() === 'yes') throw new Failure(`${refusal} (${other} is the master)`);
  report.warn(
    `neither ${here.dataset} nor ${other} is the master: going on with a failover that was cut off`,
  );
}

/** The other side becomes the master; the answer is the exit code. */
export async function handOver(run: Run, stepped: Stepped): Promise<number> {
  const { settings, report } = run;
  const { there } = stepped.ends;
  const far = run.far(there.host);
  report.line(`Setting master on ${there.host.name}:${there.dataset}`);
  let answer: Answer;
  try {
    answer = await far.ask(takeoverCommand(settings, there.dataset));
  } catch (error) {
    report.warn(perhapsNone(settings, stepped.ends));
    throw error;
  }
  for (const line of farLines(answer.output)) report.line(line);
  report.far(far.host.name, farLines(answer.message));
  if (succeeded(answer)) return 0;
  return afterRefusal(run, far, stepped, answer);
}

/** It did not become the master, or not quite: this side is it again, where that is certain. */
async function afterRefusal(run: Run, far: FarSide, stepped: Stepped, answer: Answer): Promise<number> {
  const { settings, report } = run;
  const { here, there } = stepped.ends;
  const other = `${there.host.name}:${there.dataset}`;
  const asked = await far.ask(masterCommand(settings.tag, there.dataset)).catch(() => undefined);
  const known = asked !== undefined && succeeded(asked);
  if (known && asked.output.trim() === 'yes') {
    report.warn(`${other} is the master now, but did not do all that belongs to it (${said(answer)})`);
    return 1;
  }
  // A connection that broke says nothing about what is still at work there.
  if (!known || answer.code === null || mayPass(answer))
    throw new Failure(perhapsNone(settings, stepped.ends));
  await regain(run, stepped);
  throw new Failure(
    `${other} did not take over (${said(answer)}): ${here.dataset} is the master again, and writable; when that is mended the same command begins anew`,
  );
}

function said(answer: Answer): string {
  return reasonOf(answer)?.replace(/^Error: /, '') ?? `it ended with ${answer.signal ?? answer.code}`;
}

function perhapsNone(settings: Run['settings'], { here, there }: Ends): string {
  const [zrep, { name }] = [zrepAgain(settings), there.host];
  return `${here.dataset} is not the master any more, and ${name}:${there.dataset} need not be it yet. The same command goes on; or, on ${name}: ${zrep} takeover -L ${there.dataset}. To stay here, when it is not the master there: ${zrep} takeover -L ${here.dataset}`;
}

/** The way back, as long as nobody else has changed anything. */
async function regain(run: Run, { ends, before }: Stepped): Promise<void> {
  const { settings, step } = run;
  const { dataset } = ends.here;
  const reading = { properties: endsProperties(settings.tag), depth: 1 };
  await withRoleLock(run, dataset, reading, async (listing) => {
    const now = readEnds(listing.get(dataset), dataset, settings.tag, settings.hostName);
    if (now.master || now.side !== 'copy') throw new Failure(perhapsNone(settings, ends));
    const argvs = [...masterArgvs(step.capabilities, settings.tag, ends), readonlyBackArgv(dataset, before)];
    for (const argv of argvs) mustSucceed(await step.zfs.ask(argv), dataset);
  });
}
