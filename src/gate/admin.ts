/** The verbs that a person types: check, explain, grant, revoke, authorize, doctor, and help. Never loaded to serve a client. */

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { examine } from '../doctor/doctor.ts';
import { DOCTOR_EXIT } from '../doctor/findings.ts';
import { openKeysBeside } from '../doctor/open-keys.ts';
import { diagnosisAsJson, formatDiagnosis } from '../doctor/report.ts';
import { lookAtRoom } from '../doctor/room.ts';
import { DEFAULT_CONFIG } from '../doctor/sshd.ts';
import { assumedAddress } from '../policy/assume.ts';
import { buildPolicy } from '../policy/build.ts';
import { DEFAULT_POLICY, readDraftPolicy, trustProblems, UnusablePolicy } from '../policy/load.ts';
import { describeMistake } from '../policy/mistakes.ts';
import type { Policy } from '../policy/policy.ts';
import { printable } from '../printable.ts';
import { authorizedKeysLine, CannotAuthorize, sudoersLines } from './authorize.ts';
import { explainBatch } from './batch.ts';
import { checkPolicy } from './check.ts';
import { explain, formatExplanation } from './explain.ts';
import { ADMIN_HELP, DOCTOR_HELP, EXPLAIN_HELP, SERVE_HELP } from './help.ts';
import { CannotPair } from './pairing/cannot-pair.ts';
import { addPairingVerbs } from './pairing/verbs.ts';

/** Exit codes of these verbs; those of serve are in outcome.ts. */
const EXIT = { good: 0, bad: 1, usage: 2 } as const;

/** Runs the verb in `argv` (behind node and the script); the answer is the exit code. */
export async function admin(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.good;
  const program = describeAdmin((code) => {
    exitCode = code;
  });
  try {
    if (argv.length === 0) program.help({ error: true });
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.good;
    // To a monitoring system 2 would be news of the fileserver.
    if (error instanceof CommanderError) return argv[0] === 'doctor' ? DOCTOR_EXIT.unknown : EXIT.usage;
    if (error instanceof CannotPair) {
      console.error(`zrep-gate: ${error.message.split('\n').map(printable).join('\n')}`);
      return EXIT.bad;
    }
    if (!(error instanceof UnusablePolicy || error instanceof CannotAuthorize || isSystemError(error)))
      throw error;
    console.error(`zrep-gate: ${printable(error.message)}`);
    return EXIT.usage;
  }
}

/** The verbs and their options, of which help, the manual and completion are made; `end` is told how one ended. */
export function describeAdmin(end: (exitCode: number) => void): Command {
  const program = new Command('zrep-gate')
    .description('Lets backup clients pull ZFS snapshots over ssh, and do nothing else.')
    .version(manifest.version, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .addHelpText('after', ADMIN_HELP)
    .exitOverride()
    .showHelpAfterError('(zrep-gate --help tells more)');

  program
    .command('serve <client>')
    .description('the forced command of a key in authorized_keys; runs what SSH_ORIGINAL_COMMAND asks for')
    .option('--policy <file>', 'the policy', DEFAULT_POLICY)
    .addHelpText('after', SERVE_HELP)
    .action(() => {
      throw new Error('serve does not come this way');
    });
  program
    .command('check')
    .description('say whether a policy is sound, and run its examples')
    .option('--policy <file>', 'the policy; a draft may lie anywhere', DEFAULT_POLICY)
    .action(async (options: { policy: string }) => {
      end(await check(options.policy));
    });
  program
    .command('explain [command...]')
    .description('say what the gate would do with a command, and run nothing')
    .requiredOption('--client <name>', 'the client that would ask')
    .option('--policy <file>', 'the policy; a draft may lie anywhere', DEFAULT_POLICY)
    .option('--from <address>', 'the address it would connect from (default: one that the policy allows)')
    .option('--json', 'answer with one JSON object')
    .option('--batch', 'read one JSON string a line on standard input, answer each with one JSON line')
    .addHelpText('after', EXPLAIN_HELP)
    .action(async (words: string[], options: ExplainOptions) => {
      end(await explainVerb(words, options));
    });
  addPairingVerbs(program, end, installedPath);
  program
    .command('authorize <client> <publickeyfile>')
    .description('print the authorized_keys line for a public key, and warn of open lines beside it')
    .option(
      '--sudo',
      'for an account that reaches root through sudo; the sudoers rule goes to standard error',
    )
    .option('--account <name>', 'that account', 'zrep')
    .option('--policy <file>', 'the policy', DEFAULT_POLICY)
    .action(async (client: string, file: string, options: AuthorizeOptions) => {
      await authorize(client, file, options);
    });
  program
    .command('doctor')
    .description("look at this fileserver's sshd, keys, sudo and files, and say what is wrong")
    .option('--json', 'answer with one JSON object')
    .option('--policy <file>', 'the policy (default: those that the keys go by)')
    .option('--client <name>', 'look at this client alone; may be given again', gather)
    .option('--account <name>', 'look at this account, too; may be given again', gather)
    .option('--sshd-config <file>', "sshd's configuration", DEFAULT_CONFIG)
    .addHelpText('after', DOCTOR_HELP)
    .action(async (options: DoctorVerbOptions) => {
      end(await doctor(options));
    });
  return program;
}

interface ExplainOptions {
  readonly client: string;
  readonly policy: string;
  readonly from?: string;
  readonly json?: true;
  readonly batch?: true;
}

interface AuthorizeOptions {
  readonly sudo?: true;
  readonly account: string;
  readonly policy: string;
}

interface DoctorVerbOptions {
  readonly json?: true;
  readonly policy?: string;
  readonly client?: readonly string[];
  readonly account?: readonly string[];
  readonly sshdConfig: string;
}

/** An option that may be given again, for commander. */
function gather(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

async function check(path: string): Promise<number> {
  const { policy, errors, warnings, summary } = await checkPolicy(path, Math.floor(Date.now() / 1000));
  for (const warning of warnings) console.error(`zrep-gate: warning: ${warning}`);
  // Where the policy's datasets are on this machine.
  const found = policy ? await lookAtRoom(policy, path, new Set(policy.clients.keys())) : [];
  for (const { where, problem, why } of found)
    console.error(`zrep-gate: warning: ${where}: ${problem}. ${why}`);
  for (const error of errors) console.error(`zrep-gate: ${error}`);
  if (summary !== '')
    console.log(
      `${printable(path)}: ${errors.length === 0 ? 'sound' : 'not what its examples say'}: ${summary}`,
    );
  return errors.length === 0 ? EXIT.good : EXIT.bad;
}

async function explainVerb(words: readonly string[], options: ExplainOptions): Promise<number> {
  const policy = await readPolicy(options.policy);
  const address = options.from ?? assumedAddress(policy, options.client);
  const asker = { client: options.client, address, now: Math.floor(Date.now() / 1000) };
  if (options.batch) {
    // Who reads has seen enough.
    process.stdout.on('error', () => process.exit(EXIT.good));
    await explainBatch(policy, asker, process.stdin, process.stdout);
    return EXIT.good;
  }
  if (words.length === 0) {
    console.error(
      "zrep-gate: give the command to explain, in quotes: zrep-gate explain --client NAME -- 'COMMAND'",
    );
    return EXIT.usage;
  }
  // As ssh joins its arguments: with one blank.
  const explanation = explain(policy, asker, words.join(' '));
  console.log(options.json ? JSON.stringify(explanation) : formatExplanation(explanation));
  return explanation.verdict === 'allow' ? EXIT.good : EXIT.bad;
}

async function authorize(
  client: string,
  file: string,
  { sudo, account, policy: path }: AuthorizeOptions,
): Promise<void> {
  const policy = await readPolicy(path);
  const authorization = {
    client,
    publicKey: readKeyFile(file),
    program: installedPath(),
    policyPath: path === DEFAULT_POLICY ? undefined : realpathSync(path),
    sudo: sudo === true,
  };
  const line = authorizedKeysLine(policy, authorization);
  console.log(line);
  for (const warning of await openKeysBeside(sudo ? account : 'root', line))
    console.error(`zrep-gate: warning: ${warning}`);
  if (sudo)
    console.error(
      `zrep-gate: and, by visudo -f /etc/sudoers.d/zrep-gate:\n${sudoersLines(authorization, account)}`,
    );
}

/** @throws CannotAuthorize where there is none. */
function readKeyFile(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8');
  throw new CannotAuthorize(`there is no ${file}; give the .pub file of the backup server's key`);
}

async function doctor({
  json,
  policy,
  client = [],
  account = [],
  sshdConfig,
}: DoctorVerbOptions): Promise<number> {
  const diagnosis = await examine({
    policy: policy && resolve(policy),
    clients: client,
    accounts: account,
    sshdConfig: resolve(sshdConfig),
    program: installedPath(),
  });
  const width = Math.min(Math.max(process.stdout.columns ?? 100, 80), 120);
  console.log(json ? diagnosisAsJson(diagnosis) : formatDiagnosis(diagnosis, width));
  return DOCTOR_EXIT[diagnosis.verdict];
}

/**
 * The policy at `path`, warned of where serve would not believe it.
 *
 * @throws UnusablePolicy with its first mistake.
 */
async function readPolicy(path: string): Promise<Policy> {
  const built = await buildPolicy(readDraftPolicy(path));
  const [untrusted] = trustProblems(path);
  if (untrusted !== undefined)
    console.error(`zrep-gate: warning: serve would refuse this file: ${printable(untrusted)}`);
  if ('policy' in built) return built.policy;
  const [first] = built.mistakes;
  throw new UnusablePolicy(
    `${path}: ${first ? describeMistake(first) : 'has mistakes'} (zrep-gate check lists all)`,
  );
}

/** The name that this program was started by: in an installation, npm's link in the folder of programs. */
function installedPath(): string {
  return resolve(process.argv[1] ?? '');
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
