/** zrep-gate: the fileserver's side. `serve` is the forced command and loads nothing else. */

import { EXIT } from '../gate/outcome.ts';
import { serve } from '../gate/serve.ts';
import { say } from '../gate/tell.ts';
import { DEFAULT_POLICY } from '../policy/load.ts';
import { saySystemRefusal } from '../process/system-refusal.ts';

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const own = `an error in zrep-gate itself: ${error instanceof Error ? error.message : String(error)}`;
    say(saySystemRefusal(error) ?? own);
    process.exitCode = EXIT.internal;
  },
);

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'serve' && !argv.includes('--help')) {
    const request = readServeArguments(argv.slice(1));
    if (request) return serve(request.client, request.policy);
    say(
      'the form is: zrep-gate serve CLIENT [--policy FILE]; mend the command="..." of this key in authorized_keys',
    );
    return EXIT.usage;
  }
  const { admin } = await import('../gate/admin.ts');
  return admin(argv);
}

/** CLIENT [--policy FILE]; undefined for anything else. These words come from authorized_keys, not from a client. */
function readServeArguments(words: readonly string[]): { client: string; policy: string } | undefined {
  const [client = '', option, file = '', ...extra] = words;
  if (!/^[A-Za-z0-9]/.test(client) || extra.length > 0) return undefined;
  if (option === undefined) return { client, policy: DEFAULT_POLICY };
  return option === '--policy' && file.startsWith('/') ? { client, policy: file } : undefined;
}
