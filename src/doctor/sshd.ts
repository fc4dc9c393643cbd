/** sshd, asked what holds for whom: the binary reads its own configuration, so that no rule of it is ours to know. */

import { networkInterfaces } from 'node:os';
import { ask } from './ask.ts';
import { type Finding, finding } from './findings.ts';
import { type ConfigLine, hasMatch, readConfig } from './sshd-config.ts';
import { missingSettings, parseSettings, type SshdSettings, setting } from './sshd-settings.ts';

const BINARY = '/usr/sbin/sshd';
export const DEFAULT_CONFIG = '/etc/ssh/sshd_config';

/** Where keys are when sshd does not say: its own defaults. */
const UNKNOWN: SshdSettings = new Map([
  ['authorizedkeysfile', ['.ssh/authorized_keys .ssh/authorized_keys2']],
]);

export interface Sshd {
  readonly config: string;
  readonly lines: readonly ConfigLine[];
  /** sshd answered. */
  readonly good: boolean;
  readonly findings: readonly Finding[];
  /** What holds for `account` from `address`. */
  settings(account: string, address: string): Promise<SshdSettings>;
}

/** The sshd that reads `config`. */
export async function openSshd(config: string): Promise<Sshd> {
  const general = await ask([BINARY, '-T', '-f', config]);
  if (!general.good) {
    const problem = `${BINARY} -T says: ${general.message}`;
    const findings = [
      finding(
        'not-looked',
        config,
        problem,
        'As root, until it is content, run:',
        `${BINARY} -t -f ${config}`,
      ),
    ];
    return { config, lines: [], good: false, findings, settings: async () => UNKNOWN };
  }
  const lines = readConfig(config);
  const read = (text: string): SshdSettings => new Map([...UNKNOWN, ...parseSettings(text)]);
  const base = read(general.output);
  const findings = judgeAnswer(general.output);
  if (!hasMatch(lines)) return { config, lines, good: true, findings, settings: async () => base };
  const [laddr, lport] = [localAddress(base), setting(base, 'port')];
  const answers = new Map<string, SshdSettings>();
  const settings = async (account: string, address: string) => {
    const who = `user=${account},host=${address},addr=${address},laddr=${laddr},lport=${lport}`;
    const known = answers.get(who);
    if (known) return known;
    const { good, output, message } = await ask([BINARY, '-T', '-f', config, '-C', who]);
    if (!good)
      findings.push(
        finding(
          'not-looked',
          `${config}, for ${account}`,
          `sshd -T says: ${message}`,
          'Run:',
          `${BINARY} -T -C ${who}`,
        ),
      );
    const answer = good ? read(output) : base;
    answers.set(who, answer);
    return answer;
  };
  return { config, lines, good: true, findings, settings };
}

/** What this sshd prints in a way that is not known here is not taken for sshd's default. */
function judgeAnswer(output: string): Finding[] {
  const missing = missingSettings(parseSettings(output));
  if (missing.length === 0) return [];
  return [
    finding(
      'not-looked',
      `${BINARY} -T`,
      `what it prints is not understood: nothing in it is for ${missing.join(', ')}`,
      'Look whether these are as docs/doctor.md has them:',
      `${BINARY} -T | grep -iE '${missing.join('|')}'`,
    ),
  ];
}

/** An address that sshd listens on, for Match LocalAddress. */
function localAddress(base: SshdSettings): string {
  const listen = (base.get('listenaddress') ?? []).map((one) =>
    one.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''),
  );
  const own = listen.find((address) => address !== '0.0.0.0' && address !== '::');
  const outside = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ internal }) => !internal);
  return own ?? outside?.address ?? '127.0.0.1';
}
