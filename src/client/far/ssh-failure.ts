/** Why ssh failed, in its own words, and what a person looks at then. Pure. */

import { inShell } from '../../printable.ts';
import type { Ended } from '../../process/pipeline.ts';
import { farLines } from './far-text.ts';

/** ssh's own failures end with this. */
const FAILED = 255;

/** sshd went away behind the login, and before it, in what ssh says of that. */
const DROPPED = /reset by peer|Connection reset by|Broken pipe|closed by remote host/;
const TURNED_AWAY = /^Connection closed by |^kex_exchange_identification: /m;

/** No further try changes these, and each one counts against this address (sshd_config(5), PerSourcePenalties). */
const FINAL = /Permission denied \(|Host key verification failed/;

/** ssh has no key of that host, or another one. */
const NOT_VERIFIED = /Host key verification failed/;
const CHANGED = /REMOTE HOST IDENTIFICATION HAS CHANGED|Offending \S+ key in /;

/** The line of what a command said that is the reason: of ssh's own failure the last one, since notices and banners come first. */
export function reasonOf({ code, message }: Ended): string | undefined {
  const lines = farLines(message);
  return code === FAILED ? lines.at(-1) : lines[0];
}

/** What ssh said, with what is behind it at its end where the words do not say it. `ssh` are the words by which it is called. */
export function explained<How extends Ended>(
  ended: How,
  host: string,
  ssh: readonly string[] = ['ssh'],
): How {
  const reason = reasonOf(ended);
  if (ended.code !== FAILED || reason === undefined) return ended;
  // Whom ssh logs in as is not where that is.
  const place = host.replace(/^.*@/, '');
  const hint = NOT_VERIFIED.test(reason)
    ? sayNotVerified(ended.message, place, acquaintLine(ssh, host).map(inShell).join(' '))
    : TURNED_AWAY.test(ended.message)
      ? `after failed logins sshd refuses an address for a while (PerSourcePenalties); its log on ${place} says so`
      : DROPPED.test(reason)
        ? `if sshd there has PermitRootLogin forced-commands-only, it drops a client that first offers a key without command=: zrep-gate doctor on ${place} names that key`
        : undefined;
  return hint === undefined ? ended : { ...ended, message: `${ended.message.trimEnd()} (${hint})` };
}

function sayNotVerified(message: string, place: string, command: string): string {
  return CHANGED.test(message)
    ? `${place} shows another key than before. If it was installed anew, run: ssh-keygen -R ${place}; then: ${command}. If it was not, somebody may answer in its place`
    : `this user has not met ${place} yet. Run this, and compare the fingerprint: ${command}`;
}

/** What has ssh show the fingerprint of a host that it does not know, and ask. */
export function acquaintLine(ssh: readonly string[], host: string): string[] {
  return [...ssh, '-o', 'StrictHostKeyChecking=ask', host, 'exit'];
}

/** True where ssh does not know the host, and a person could tell whether it is the right one. */
export function isHostKeyUnknown({ code, message }: Ended): boolean {
  return code === FAILED && NOT_VERIFIED.test(message) && !CHANGED.test(message);
}

/** True where sshd was reached, and did not let this user in. */
export function isTurnedAway({ code, message }: Ended): boolean {
  const reason = /Permission denied \(|Too many authentication failures/;
  return code === FAILED && (reason.test(message) || DROPPED.test(message) || TURNED_AWAY.test(message));
}

/** True where ssh was not let in, and will not be. */
export function isFinal(ended: Ended): boolean {
  return ended.code === FAILED && FINAL.test(reasonOf(ended) ?? '');
}
