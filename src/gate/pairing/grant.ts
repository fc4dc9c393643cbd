/**
 * `zrep-gate grant CLIENT DATASET --key KEY`: one command in the place of a policy written by hand, `authorize`, and a line pasted into
 * authorized_keys. It looks, shows what it would write, asks, writes, and looks once more by check and doctor.
 */

import { addGrant, type NewGrant } from '../../policy/grant-text.ts';
import { DEFAULT_POLICY } from '../../policy/load.ts';
import { inShell, printable } from '../../printable.ts';
import type { PublicKey } from '../../public-key.ts';
import { authorizedKeysLine, sudoersLines } from '../authorize.ts';
import { lookAgain } from './afterwards.ts';
import { agree } from './agree.ts';
import { CannotPair } from './cannot-pair.ts';
import { refuseMissing } from './dataset.ts';
import { placeForKey } from './key-place.ts';
import { accountSteps, findLogin, type Login } from './login.ts';
import { policyFile, policyText, readPolicyText } from './policy-file.ts';
import { run } from './run.ts';
import { checkSudoers, SUDOERS } from './sudoers.ts';
import { lookAtTarget, type Modes, type Target, writeTarget } from './target.ts';
import { tryKey } from './try-key.ts';
import { widerGrantWarnings } from './wider-grant.ts';

export interface GrantRequest {
  readonly grant: NewGrant;
  readonly key: PublicKey;
  /** The account that reaches root by sudo; undefined for root's own login. */
  readonly account: string | undefined;
  readonly policyPath: string;
  readonly sshdConfig: string;
  /** The installed gate, as authorized_keys is to name it. */
  readonly program: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** One file that gets more lines. */
interface Addition {
  readonly target: Target;
  readonly text: string;
  readonly modes: Modes;
  readonly heading: string;
  readonly lines: readonly string[];
}

/** Does it; the answer is the exit code: 0 when all is in place, 1 when nothing was changed, or what is there has an error. @throws CannotPair. */
export async function grant(request: GrantRequest): Promise<number> {
  const { grant: own, policyPath } = request;
  const now = Math.floor(Date.now() / 1000);
  const policy = policyFile(policyPath);
  const edit = await addGrant(policyText(policy), own, now);
  if (edit.kind === 'impossible') throw new CannotPair(withLines(edit.problem, edit.lines));
  const after = await readPolicyText(edit.kind === 'new' ? edit.text : policyText(policy));
  await refuseMissing(after.zfs, own.dataset);
  await tryKey(request.key);
  const login = await findLogin(request.account);
  const authorization = {
    client: own.client,
    publicKey: [request.key.type, request.key.base64, request.key.comment].join(' '),
    program: request.program,
    policyPath: policyPath === DEFAULT_POLICY ? undefined : policyPath,
    sudo: request.account !== undefined,
  };
  const line = authorizedKeysLine(after, authorization);
  const place = await placeForKey(login, line, own.client, request.sshdConfig);
  const additions: Addition[] = [
    ...(edit.kind === 'new'
      ? [
          {
            target: policy,
            text: Buffer.from(edit.text, 'utf8').toString('latin1'),
            modes: { file: 0o644, folder: 0o755 },
            heading: `${policyPath}, from line ${edit.at} on`,
            lines: edit.lines,
          },
        ]
      : []),
    ...(place.path === undefined ? [] : [keyAddition(place.path, line, login)]),
    ...(request.account === undefined
      ? []
      : await sudoersAddition(sudoersLines(authorization, request.account))),
  ];
  const steps = await accountSteps(login);
  const client = after.clients.get(own.client);
  const added =
    edit.kind === 'new' ? client?.grants.find(({ dataset }) => dataset === own.dataset) : undefined;
  const wider = client && added ? widerGrantWarnings(client, own.client, added) : [];
  show({ steps, additions, granted: edit.kind === 'there' ? edit.by.dataset : undefined, place, own });
  for (const warning of [...place.warnings, ...wider]) console.log(`WARNING: ${warning}`);
  if (steps.length + additions.length > 0) {
    if (request.dryRun) return 0;
    if (!(await agree(request.yes))) return 1;
    for (const step of steps) await run(step);
    for (const { target, text, modes } of additions) writeTarget(target, text, modes);
    console.log('Written.');
  }
  if (request.dryRun || (await lookAgain(request, own.client, now))) return 0;
  console.error('zrep-gate: the grant is in place, but check or the doctor finds what has to be mended');
  return 1;
}

function keyAddition(path: string, line: string, { name, uid }: Login): Addition {
  const target = lookAtTarget(path);
  // sshd reads the file as the account, which is not to write it.
  const modes = uid === 0 ? { file: 0o600, folder: 0o700 } : { file: 0o644, folder: 0o755 };
  const state = target.stats === undefined ? `, which is made, mode ${modes.file.toString(8)}` : '';
  return {
    target,
    text: withMore(target, [line]),
    modes,
    heading: `${path}, the keys of ${name}${state}`,
    lines: [line],
  };
}

async function sudoersAddition(rule: string): Promise<Addition[]> {
  const target = lookAtTarget(SUDOERS);
  const lines = rule.split('\n').filter((line) => !target.text.split('\n').includes(line));
  if (lines.length === 0) return [];
  const text = withMore(target, lines);
  await checkSudoers(text);
  return [{ target, text, modes: { file: 0o440, folder: 0o755 }, heading: SUDOERS, lines }];
}

/** The text with lines at its end, also where its last one is not ended. */
function withMore({ text }: Target, lines: readonly string[]): string {
  const open = text === '' || text.endsWith('\n') ? '' : '\n';
  return `${text}${open}${lines.join('\n')}\n`;
}

interface Shown {
  readonly steps: readonly (readonly string[])[];
  readonly additions: readonly Addition[];
  /** The dataset of the grant that was there before. */
  readonly granted: string | undefined;
  readonly place: { readonly there?: string };
  readonly own: NewGrant;
}

function show({ steps, additions, granted, place, own }: Shown): void {
  if (granted !== undefined)
    console.log(`The policy grants that to "${own.client}" already, by its grant for ${granted}.`);
  if (place.there !== undefined) console.log(`The key is in ${place.there} already.`);
  if (steps.length > 0)
    console.log(`To run:\n${steps.map((step) => `    ${step.map(inShell).join(' ')}\n`).join('')}`);
  for (const { heading, lines } of additions)
    console.log(`To add to ${printable(heading)}:\n${lines.map((line) => `    ${line}\n`).join('')}`);
  if (steps.length + additions.length === 0) console.log('There is nothing to change.');
}

function withLines(problem: string, lines: readonly string[]): string {
  return [lines.length > 0 ? `${problem}:` : problem, ...lines.map((line) => `    ${line}`)].join('\n');
}
