/** Why ssh failed, in its own words, and what a person looks at then. Pure. */

import type { Ended } from '../../process/pipeline.ts';
import { farLines } from './far-text.ts';

/** ssh's own failures end with this. */
const FAILED = 255;

/** sshd went away behind the login, and before it, in what ssh says of that. */
const DROPPED = /reset by peer|Connection reset by|Broken pipe|closed by remote host/;
const TURNED_AWAY = /^Connection closed by |^kex_exchange_identification: /m;

/** No further try changes these, and each one counts against this address (sshd_config(5), PerSourcePenalties). */
const FINAL = /Permission denied \(|Host key verification failed/;

/** The line of what a command said that is the reason: of ssh's own failure the last one, since notices and banners come first. */
export function reasonOf({ code, message }: Ended): string | undefined {
  const lines = farLines(message);
  return code === FAILED ? lines.at(-1) : lines[0];
}

/** What ssh said, with what is behind it at its end where the words do not say it. */
export function explained<How extends Ended>(ended: How, host: string): How {
  const reason = reasonOf(ended);
  if (ended.code !== FAILED || reason === undefined) return ended;
  // Whom ssh logs in as is not where that is.
  const place = host.replace(/^.*@/, '');
  const hint = TURNED_AWAY.test(ended.message)
    ? `after failed logins sshd refuses an address for a while (PerSourcePenalties); its log on ${place} says so`
    : DROPPED.test(reason)
      ? `if sshd there has PermitRootLogin forced-commands-only, it drops a client that first offers a key without command=: zrep-gate doctor on ${place} names that key`
      : undefined;
  return hint === undefined ? ended : { ...ended, message: `${ended.message.trimEnd()} (${hint})` };
}

/** True where ssh was not let in, and will not be. */
export function isFinal(ended: Ended): boolean {
  return ended.code === FAILED && FINAL.test(reasonOf(ended) ?? '');
}
