/**
 * `zrep-gate revoke CLIENT [DATASET]`: takes a grant back, or all of a client, with its keys; ends what runs for it, and says what is left.
 *
 * The policy goes first: from then on each command is refused, also on a connection that is open.
 */

import { didYouMean } from '../../did-you-mean.ts';
import { readIfThere } from '../../doctor/ask.ts';
import type { GateCall } from '../../doctor/gate-call.ts';
import { DEFAULT_POLICY, UnusablePolicy } from '../../policy/load.ts';
import { type RevokeEdit, removeGrants } from '../../policy/revoke-text.ts';
import { printable } from '../../printable.ts';
import type { Dataset } from '../../zfs/names.ts';
import { checkPolicy } from '../check.ts';
import { agree } from './agree.ts';
import { CannotPair, sayProblem } from './cannot-pair.ts';
import { sayWritten } from './done.ts';
import { keyLinesOf } from './key-lines.ts';
import { policyFile, policyText } from './policy-file.ts';
import { endGates, isConnection, type RunningGate, runningGates } from './running.ts';
import { checkSudoers, SUDOERS, withoutRules } from './sudoers.ts';
import { lookAtTarget, type Target, writeEach } from './target.ts';

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
  const { policyPath, dataset } = request;
  const { policy, edit } = await editOf(request);
  // The keys go, and what runs ends, whatever the policy is like; one grant is the policy's alone.
  if (dataset !== undefined && edit.kind === 'impossible') throw new CannotPair(edit.problem);
  const access = dataset === undefined ? await accessOf(request) : NO_ACCESS;
  const removals: Removal[] = [
    ...(policy !== undefined && edit.kind === 'new' ? [policyRemoval(policy, edit)] : []),
    ...access.removals,
  ];
  const gates = runningGates(request);
  if (
    edit.kind !== 'new' &&
    (dataset !== undefined || removals.length + gates.length + access.left.length === 0)
  )
    refuseUnknown(request, policy, edit, access.clients);
  if (policy !== undefined && policy.stats === undefined)
    console.log(`There is no ${printable(policyPath)}.`);
  show(request, edit, removals, gates);
  const left = [...(edit.kind === 'impossible' ? [edit.problem] : []), ...access.left, ...access.unread];
  for (const one of left) console.log(`WARNING: ${one}`);
  if (request.dryRun) return 0;
  if (removals.length + gates.length === 0) return left.length === 0 ? 0 : 1;
  if (!(await agree(request.yes))) return 1;
  const unwritten = writeEach(removals, MODES);
  console.log(sayWritten());
  for (const one of unwritten) console.log(`WARNING: ${one}`);
  // Those that began meanwhile as well.
  const running = await endGates(runningGates(request));
  for (const { pid } of running) console.log(`WARNING: process ${pid} does not end. Run: kill -9 ${pid}`);
  if (policy?.stats !== undefined) await check(policyPath);
  sayWhatIsLeft(request, gates, edit);
  return left.length + unwritten.length + running.length === 0 ? 0 : 1;
}

/** By what a client reaches the gate: keys, and sudo's rules. */
interface Access {
  readonly removals: readonly Removal[];
  /** What of it stays. */
  readonly left: readonly string[];
  /** What nobody knows. */
  readonly unread: readonly string[];
  /** The clients that have a key. */
  readonly clients: readonly string[];
}

const NO_ACCESS: Access = { removals: [], left: [], unread: [], clients: [] };

/** What cannot be read, or must not be changed, keeps nothing else from being revoked. */
async function accessOf(request: RevokeRequest): Promise<Access> {
  const tried = async (what: string, look: () => Promise<Partial<Access>>) => {
    try {
      return { ...NO_ACCESS, ...(await look()) };
    } catch (error) {
      return { ...NO_ACCESS, left: [`${what}: ${printable(sayProblem(error))}`] };
    }
  };
  const keys = await tried('the keys were not looked at', () => keyLinesOf(request));
  const rule = await tried(
    `the sudo rule of "${request.client}" stays. To remove it, run visudo -f ${SUDOERS}. The reason`,
    () => sudoersRemoval(request),
  );
  return { ...keys, removals: [...keys.removals, ...rule.removals], left: [...keys.left, ...rule.left] };
}

/** A name that is mistyped is not one that has been revoked before. @throws CannotPair. */
function refuseUnknown(
  { client, dataset, policyPath }: RevokeRequest,
  policy: Target | undefined,
  edit: RevokeEdit & { kind: 'none' | 'impossible' },
  clients: readonly string[],
): void {
  const known = [...(edit.kind === 'none' ? edit.known : [])];
  if (dataset === undefined && known.includes(client)) return;
  const names = [...new Set([...known, ...(dataset === undefined ? clients : [])])];
  const list = names.length === 0 ? '' : `. There are: ${names.join(', ')}`;
  const meant = didYouMean(dataset ?? client, names);
  throw new CannotPair(`${what()}${list}${meant === undefined ? '' : `. Did you mean ${meant}?`}`);

  function what(): string {
    if (edit.kind === 'impossible')
      return `${edit.problem}; no key is for "${client}", and nothing runs for it`;
    if (policy?.stats === undefined)
      return `${policyPath} does not exist, no key is for "${client}", and nothing runs for it`;
    return dataset === undefined
      ? `the policy has no client "${client}", no key is for it, and nothing runs for it`
      : `the policy has no grant for ${dataset} to "${client}"`;
  }
}

/** A policy that cannot be changed is no reason to leave a key. */
async function editOf({ policyPath, client, dataset }: RevokeRequest) {
  try {
    const policy = policyFile(policyPath);
    if (policy.stats === undefined) return { policy, edit: { kind: 'none', known: [] } satisfies RevokeEdit };
    return { policy, edit: await removeGrants(policyText(policy), client, dataset) };
  } catch (error) {
    const edit: RevokeEdit = { kind: 'impossible', problem: sayProblem(error) };
    return { policy: undefined, edit };
  }
}

function policyRemoval(target: Target, edit: RevokeEdit & { kind: 'new' }): Removal {
  return { target, text: Buffer.from(edit.text, 'utf8').toString('latin1'), lines: edit.lines };
}

/** By the rules themselves: a key may be gone before its rule is. */
async function sudoersRemoval({ client, policyPath }: RevokeRequest): Promise<Partial<Access>> {
  const isOwn = (call: GateCall) => call.client === client && (call.policy ?? DEFAULT_POLICY) === policyPath;
  // A folder that must not be written to is of no matter where there is nothing to remove.
  if (withoutRules(readIfThere(SUDOERS) ?? '', isOwn).lines.length === 0) return {};
  const target = lookAtTarget(SUDOERS);
  const { text, lines } = withoutRules(target.text, isOwn);
  await checkSudoers(text);
  return { removals: [{ target, text, lines }] };
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
      `WARNING: from then on the grant for ${edit.instead} decides for ${dataset}. To revoke that as well, run: zrep-gate revoke ${client} ${edit.instead}`,
    );
  if (removals.length + gates.length === 0) console.log('There is nothing to change.');
}

async function check(policyPath: string): Promise<void> {
  try {
    const { errors, summary } = await checkPolicy(policyPath, Math.floor(Date.now() / 1000));
    console.log(`zrep-gate check: ${errors.length === 0 ? `valid: ${summary}` : 'it has mistakes'}`);
    for (const error of errors) console.log(`  ${error}`);
  } catch (error) {
    if (!(error instanceof UnusablePolicy)) throw error;
    console.log(`zrep-gate check: ${printable(error.message)}`);
  }
}

/** sshd looks at keys when somebody logs in, and never again. */
function sayWhatIsLeft(
  { client, dataset }: RevokeRequest,
  gates: readonly RunningGate[],
  edit: RevokeEdit,
): void {
  if (dataset !== undefined) {
    if (edit.kind === 'new' && edit.isLast)
      console.log(
        `The client has no grant left, but its key stays. To remove the key, run: zrep-gate revoke ${client}`,
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
