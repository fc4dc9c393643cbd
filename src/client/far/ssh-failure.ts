/** Why ssh failed, in its own words, and what a person looks at then. Pure. */

import type { Ended } from '../../process/pipeline.ts';
import { farLines } from './far-text.ts';

/** ssh's own failures end with this. */
const FAILED = 255;

/** What is behind some of ssh's words that do not say it. */
const BEHIND: readonly (readonly [words: RegExp, hint: (host: string) => string])[] = [
  [
    /reset by peer|Connection reset by|Broken pipe|closed by remote host/,
    (host) =>
      `if sshd there has PermitRootLogin forced-commands-only, it drops a client that first offers a key without command=: zrep-gate doctor on ${host} names that key`,
  ],
  [
    /^Connection closed by /,
    (host) =>
      `after failed logins sshd refuses an address for a while (PerSourcePenalties); its log on ${host} says so`,
  ],
];

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
  const [, hint] = BEHIND.find(([words]) => words.test(reason)) ?? [];
  if (hint === undefined) return ended;
  // Whom ssh logs in as is not where that is.
  return { ...ended, message: `${ended.message.trimEnd()} (${hint(host.replace(/^.*@/, ''))})` };
}

/** True where ssh was not let in, and will not be. */
export function isFinal(ended: Ended): boolean {
  return ended.code === FAILED && FINAL.test(reasonOf(ended) ?? '');
}
