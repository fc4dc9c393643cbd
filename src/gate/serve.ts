/** The forced command: what SSH_ORIGINAL_COMMAND asks for, to its exit code. */

import { SESSION } from '../command/session.ts';
import { listenForInterruption } from '../process/interruption.ts';
import { answer } from './answer.ts';
import { exitCodeOf } from './outcome.ts';
import { readRequest } from './request.ts';
import { serveSession } from './serve-session.ts';
import { tell } from './tell.ts';

/** Serves one command for `client`, or a session of them; the answer is the exit code. */
export async function serve(client: string, policyPath: string): Promise<number> {
  const interruption = listenForInterruption();
  const request = readRequest(client, process.env, Date.now(), process.pid);
  if (request.command === SESSION) return serveSession(request, policyPath, interruption);
  const outcome = await answer(request, policyPath, interruption);
  tell(outcome, request.id);
  return exitCodeOf(outcome);
}
