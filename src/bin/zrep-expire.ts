/** zrep-expire: destroys old snapshots by a schedule. Exit codes: 0 done, 1 failed, 2 wrong usage. */

import manifest from '../../package.json' with { type: 'json' };
import { createReport } from '../client/run/report.ts';
import { UsageError } from '../client/words/usage-error.ts';
import { readCommand } from '../expire/command.ts';
import { runCommand } from '../expire/run-command.ts';

const report = createReport(false);

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = error instanceof UsageError ? 2 : 1;
    if (error instanceof UsageError) report.warn(`zrep-expire: ${error.message}`);
    else
      report.warn(
        `Error: an error in zrep-expire itself: ${error instanceof Error ? error.stack : String(error)}`,
      );
  },
);

async function main(argv: readonly string[]): Promise<number> {
  const command = readCommand(argv, manifest.version);
  if ('task' in command) return runCommand(report, command);
  report.print(command.print);
  return 0;
}
