/**
 * `zrep-gate revoke CLIENT [DATASET]`: takes a grant back, or all of a client, with its keys; ends what runs for it, and says what is left.
 *
 * The policy goes first: from then on each command is refused, also on a connection that is open.
 */

import { didYouMean } from '../../did-you-mean.ts';
import { type RevokeEdit, removeGrants } from '../../policy/revoke-text.ts';
import { printable } from '../../printable.ts';
import type { Dataset } from '../../zfs/names.ts';
import { checkPolicy } from '../check.ts';
import { agree } from './agree.ts';
import { CannotPair } from './cannot-pair.ts';
import { type KeyLook, keyLinesOf } from './key-lines.ts';
import { policyFile, policyText } from './policy-file.ts';
import { endGates, isConnection, type RunningGate, runningGates } from './running.ts';
import { checkSudoers, SUDOERS, withoutRules } from './sudoers.ts';
import { lookAtTarget, type Target, writeTarget } from './target.ts';

export interface RevokeRequest {
  readonly client: string;
  /** One grant; undefined for all, and the keys. */
  readonly dataset: Dataset | undefined;
  readonly policyPath: string;
  readonly sshdConfig: string;
  readonly program: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

interface Removal {
  readonly target: Target;
  readonly text: string;
  readonly lines: readonly string[];
}

/** What is never made new here. */
const MODES = { file: 0o600, folder: 0o755 };

/** Does it; the answer is the exit code: 0 done, 1 not done, or something was left. @throws CannotPair. */
export async function revoke(request: RevokeRequest): Promise<number> {
  const { client, dataset, policyPath, sshdConfig } = request;
  const { policy, edit } = await editOf(request);
  const keys = dataset === undefined ? await keyLinesOf(client, sshdConfig) : undefined;
  const removals: Removal[] = [
    ...(policy !== undefined && edit.kind === 'new' ? [policyRemoval(policy, edit)] : []),
    ...(keys?.removals ?? []),
    ...(keys === undefined ? [] : await sudoersRemoval(keys)),
  ];
  const gates = runningGates(client, request.program);
  if (edit.kind === 'none' && (dataset !== undefined || removals.length + gates.length === 0))
    refuseUnknown(request, edit.known);
  show(request, edit, removals, gates);
  // The keys go, and what runs ends, whatever the policy is like.
  const left = [...(edit.kind === 'impossible' ? [edit.problem] : []), ...(keys?.left ?? [])];
  for (const one of left) console.log(`WARNING: ${one}`);
  if (request.dryRun) return 0;
  if (removals.length + gates.length === 0) return left.length === 0 ? 0 : 1;
  if (!(await agree(request.yes))) return 1;
  for (const { target, text } of removals) writeTarget(target, text, MODES);
  if (removals.length > 0) console.log('Written.');
  // Those that began meanwhile as well.
  const running = await endGates(runningGates(client, request.program));
  for (const { pid } of running) console.log(`WARNING: process ${pid} does not end. Run: kill -9 ${pid}`);
  if (edit.kind !== 'impossible') await check(policyPath);
  sayWhatIsLeft(gates, edit, dataset);
  return left.length + running.length === 0 ? 0 : 1;
}

/** A name that is mistyped is not one that has been revoked before. */
function refuseUnknown({ client, dataset }: RevokeRequest, known: readonly string[]): void {
  const name = dataset ?? client;
  if (dataset === undefined && known.includes(client)) return;
  const meant = didYouMean(name, known);
  const what =
    dataset === undefined
      ? `the policy has no client "${client}", no key is for it, and nothing runs for it`
      : `the policy has no grant for ${dataset} to "${client}"`;
  const list = known.length === 0 ? '' : `. It has: ${known.join(', ')}`;
  throw new CannotPair(`${what}${list}${meant === undefined ? '' : `. Did you mean ${meant}?`}`);
}

/** A policy that cannot be changed is no reason to leave a key. */
async function editOf({ policyPath, client, dataset }: RevokeRequest) {
  try {
    const policy = policyFile(policyPath);
    return { policy, edit: await removeGrants(policyText(policy), client, dataset) };
  } catch (error) {
    if (!(error instanceof CannotPair)) throw error;
    const edit: RevokeEdit = { kind: 'impossible', problem: error.message };
    return { policy: undefined, edit };
  }
}

function policyRemoval(target: Target, edit: RevokeEdit & { kind: 'new' }): Removal {
  return { target, text: Buffer.from(edit.text, 'utf8').toString('latin1'), lines: edit.lines };
}

async function sudoersRemoval({ sudoCommands }: KeyLook): Promise<Removal[]> {
  if (sudoCommands.length === 0) return [];
  const target = lookAtTarget(SUDOERS);
  const { text, lines } = withoutRules(target.text, sudoCommands);
  if (lines.length === 0) return [];
  await checkSudoers(text);
  return [{ target, text, lines }];
}

function show(
  { client, dataset }: RevokeRequest,
  edit: RevokeEdit,
  removals: readonly Removal[],
  gates: readonly RunningGate[],
): void {
  if (edit.kind === 'none') console.log(`The policy grants nothing to "${client}".`);
  for (const { target, lines } of removals)
    console.log(
      `To take out of ${printable(target.path)}:\n${lines.map((line) => `    ${printable(line)}\n`).join('')}`,
    );
  if (gates.length > 0)
    console.log(`To end, for "${client}": process ${gates.map(({ pid }) => pid).join(', ')}\n`);
  if (edit.kind === 'new' && edit.instead !== undefined)
    console.log(
      `WARNING: from then on the grant for ${edit.instead} decides for ${dataset}. To take that back, too: zrep-gate revoke ${client} ${edit.instead}`,
    );
  if (removals.length + gates.length === 0) console.log('There is nothing to change.');
}

async function check(policyPath: string): Promise<void> {
  const { errors, summary } = await checkPolicy(policyPath, Math.floor(Date.now() / 1000));
  console.log(`zrep-gate check: ${errors.length === 0 ? `sound: ${summary}` : 'it has mistakes'}`);
  for (const error of errors) console.log(`  ${error}`);
}

/** sshd looks at keys when somebody logs in, and never again. */
function sayWhatIsLeft(gates: readonly RunningGate[], edit: RevokeEdit, dataset: Dataset | undefined): void {
  if (dataset !== undefined) {
    if (edit.kind === 'new' && edit.isLast)
      console.log(
        'The client has no grant left, but still its key. To take that back, too, leave the dataset out.',
      );
    return;
  }
  const connections = [
    ...new Set(gates.flatMap(({ connection }) => (connection === undefined ? [] : [connection]))),
  ].filter(isConnection);
  if (connections.length > 0)
    console.log(`These connections may be open still: kill ${connections.join(' ')}`);
  console.log(
    "A connection without a command stays open until the client ends it; all that it can ask for is refused. To see them: ss -tnp '( sport = :22 )'",
  );
}
