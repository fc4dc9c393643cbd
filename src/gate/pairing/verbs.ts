/** The words of `zrep-gate grant` and `zrep-gate revoke`. */

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_CONFIG } from '../../doctor/sshd.ts';
import { DEFAULT_POLICY } from '../../policy/load.ts';
import { GRANT_HELP, REVOKE_HELP } from '../help.ts';
import { CannotPair } from './cannot-pair.ts';
import { sayDone } from './done.ts';
import { grant } from './grant.ts';
import {
  type GrantWords,
  readClient,
  readDatasetName,
  readGrant,
  readKey,
  USUAL_OPERATIONS,
} from './request.ts';
import { revoke } from './revoke.ts';

interface RevokeOptions {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly policy: string;
  readonly sshdConfig: string;
}

interface GrantOptions extends GrantWords, RevokeOptions {
  readonly sudo?: string;
}

/** Adds them to `program`; `end` is told how one ended, `installed` says by which name the gate was started. */
export function addPairingVerbs(
  program: Command,
  end: (exitCode: number) => void,
  installed: () => string,
): void {
  program
    .command('grant <client> <dataset>')
    .description(
      'let a backup server pull a dataset: show what is added to policy and keys, ask, and write it',
    )
    .requiredOption('--key <key-or-file>', 'its public key, in quotes, or a file with it')
    .option('--operations <list>', 'what it may do, with commas', USUAL_OPERATIONS)
    .option('--tag <tag>', "zrep's tag of the pair", 'zrep')
    .option('--recursive', 'also with what is below the dataset (zrep -R)')
    .option('--sudo <account>', 'use this account, which becomes root by sudo; created if it does not exist')
    .option('-n, --dry-run', 'print what would be added, and change nothing')
    .option('--yes', 'do not ask')
    .option('--policy <file>', 'the policy', DEFAULT_POLICY)
    .option('--sshd-config <file>', "sshd's configuration", DEFAULT_CONFIG)
    .addHelpText('after', GRANT_HELP)
    .action(async (client: string, dataset: string, options: GrantOptions) => {
      refuseOthers();
      const request = {
        grant: readGrant(client, dataset, options),
        key: readKey(options.key),
        account: options.sudo,
        policyPath: resolve(options.policy),
        sshdConfig: resolve(options.sshdConfig),
        program: installed(),
        dryRun: options.dryRun === true,
        yes: options.yes === true,
      };
      end(await told(() => grant(request)));
    });
  program
    .command('revoke <client> [dataset]')
    .description("take a client's grants and keys back, or its grant for a dataset, and end what runs for it")
    .option('-n, --dry-run', 'print what would be taken back, and change nothing')
    .option('--yes', 'do not ask')
    .option('--policy <file>', 'the policy', DEFAULT_POLICY)
    .option('--sshd-config <file>', "sshd's configuration", DEFAULT_CONFIG)
    .addHelpText('after', REVOKE_HELP)
    .action(async (client: string, dataset: string | undefined, options: RevokeOptions) => {
      refuseOthers();
      const request = {
        client: readClient(client),
        dataset: dataset === undefined ? undefined : readDatasetName(dataset),
        policyPath: resolve(options.policy),
        sshdConfig: resolve(options.sshdConfig),
        program: installed(),
        dryRun: options.dryRun === true,
        yes: options.yes === true,
      };
      end(await told(() => revoke(request)));
    });
}

/** Root's files are read, and written. */
function refuseOthers(): void {
  if (process.geteuid?.() !== 0) throw new CannotPair('this reads and writes files of root: run it as root');
}

/** An error of the system is no mistake in the words: its exit code is another one. */
async function told(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw new CannotPair(`${error.message}${sayDone()}`);
    throw error;
  }
}
