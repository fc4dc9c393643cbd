/** The doctor on sudo: each mistake is made, found, mended as it says, and gone. */

import t from 'tap';
import { inDoctorLab, type Mistake, SUDOERS } from '../fixtures/system/doctor.ts';
import type { GateLab } from '../fixtures/system/gate-lab.ts';

const POLICY_TEXT = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull", "expire"]
`;

const DEFAULTS = 'Defaults!ZREP_GATE_BACKUP1 env_reset, env_keep = "SSH_ORIGINAL_COMMAND SSH_CONNECTION"';
const RULE = 'zrep ALL=(root) NOPASSWD: ZREP_GATE_BACKUP1';
const extra = (...lines: string[]): string => lines.map((line) => `echo '${line}' >>${SUDOERS}`).join('\n');
const change = (from: string, to: string): string => `sed -i 's#${from}#${to}#' ${SUDOERS}`;
const restored = { by: `cp -p /run/lab/kept${SUDOERS} ${SUDOERS}` };

/** sudo says since 1.9.15 where a rule stands, and sudo-rs does not. */
const LISTED = /^sudo -l -U zrep$|^\/etc\/sudoers/;

const MISTAKES: Record<string, Mistake> = {
  'no rule': { make: `: >${SUDOERS}`, code: 'sudo-rule-missing', where: `${SUDOERS} (for zrep)`, line: RULE, mend: 'sudoers' },
  'a rule for another client': { make: change('serve backup1', 'serve backup2'), code: 'sudo-rule-missing', where: SUDOERS, line: 'serve backup1', mend: 'sudoers' },
  'a rule for another user than root': { make: change('(root)', '(nobody)'), code: 'sudo-rule-missing', where: SUDOERS, line: RULE, mend: 'sudoers' },
  'a rule that asks for a password': { make: change('NOPASSWD: ', ''), code: 'sudo-asks-password', where: SUDOERS, line: RULE, mend: 'sudoers' },
  'everything, without a password': { make: extra('zrep ALL=(ALL) NOPASSWD: ALL'), code: 'sudo-rule-too-wide', where: LISTED, line: 'grep -rnE', mend: restored },
  'every client': { make: change('serve backup1', 'serve *'), code: 'sudo-rule-too-wide', where: LISTED, mend: restored },
  'any words behind the gate': { make: extra('zrep ALL=(root) NOPASSWD: /usr/bin/zrep-gate'), code: 'sudo-rule-too-wide', where: LISTED, mend: restored },
  'something else, by a group': { make: extra('%zrep ALL=(root) NOPASSWD: /usr/sbin/zpool'), code: 'sudo-rule-too-wide', where: LISTED, mend: restored },
  'something else, for everybody': { make: extra('ALL ALL=(root) /usr/sbin/zpool scrub tank'), code: 'sudo-rule-too-wide', where: LISTED, mend: restored },
  'variables may be set': { make: change('NOPASSWD:', 'NOPASSWD: SETENV:'), code: 'sudo-setenv', where: SUDOERS, line: RULE, mend: 'sudoers' },
  'variables may be set, by Defaults': { make: extra('Defaults setenv'), code: 'sudo-setenv', where: SUDOERS, line: RULE, mend: 'sudoers' },
  'no program may be started': { make: change('NOPASSWD:', 'NOPASSWD: NOEXEC:'), code: 'sudo-noexec', where: SUDOERS, line: RULE, mend: 'sudoers' },
  'env_reset is off': { make: change(' env_reset, ', ' !env_reset, '), code: 'sudo-env-reset-off', where: SUDOERS, line: DEFAULTS, mend: { by: change('!env_reset', 'env_reset') } },
  'LD_PRELOAD is kept': { make: extra('Defaults:zrep env_keep += "LD_PRELOAD"', 'Defaults!ZREP_GATE_BACKUP1 env_keep += "LD_PRELOAD"'), code: 'sudo-keeps-dangerous', where: SUDOERS, line: DEFAULTS, mend: restored },
  'NODE_OPTIONS is kept': { make: change('SSH_CONNECTION', 'SSH_CONNECTION NODE_OPTIONS'), code: 'sudo-keeps-dangerous', where: SUDOERS, line: DEFAULTS, mend: restored },
  'every variable is kept': { make: change('SSH_ORIGINAL_COMMAND', '*'), code: 'sudo-keeps-dangerous', where: SUDOERS, line: DEFAULTS, also: ['sudo-drops-command'], mend: restored },
  'a variable is kept that nothing needs': { make: change('SSH_CONNECTION', 'SSH_CONNECTION EDITOR'), code: 'sudo-keeps-more', where: SUDOERS, line: DEFAULTS, mend: restored },
  'the command is not kept': { make: change('SSH_ORIGINAL_COMMAND ', ''), code: 'sudo-drops-command', where: SUDOERS, line: DEFAULTS, mend: restored },
  'the address is not kept': { make: change(' SSH_CONNECTION', ''), code: 'sudo-drops-address', where: SUDOERS, line: DEFAULTS, mend: restored },
  'a terminal is wanted': { make: extra('Defaults requiretty'), code: 'sudo-wants-terminal', where: SUDOERS, line: 'Defaults:root,zrep !requiretty', mend: { by: extra('Defaults:root,zrep !requiretty') } },
  'the stream is logged': { make: extra('Defaults log_output'), code: 'sudo-logs-stream', where: SUDOERS, line: 'Defaults!ZREP_GATE_BACKUP1 !log_input, !log_output', mend: { by: extra('Defaults!ZREP_GATE_BACKUP1 !log_input, !log_output') } },
  'sudo has no path of its own': { make: 'sed -i /secure_path/d /etc/sudoers', code: 'sudo-no-secure-path', where: '/etc/sudoers', line: 'Defaults secure_path=', mend: { by: `echo 'Defaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"' >>/etc/sudoers` } },
  'a file that sudo cannot read': { make: "printf 'zrep ALL=(\\n' >/etc/sudoers.d/broken; chmod 440 /etc/sudoers.d/broken", code: 'sudoers-broken', where: '/etc/sudoers', line: 'visudo -c', also: ['not-looked'], mend: { by: 'rm /etc/sudoers.d/broken' } },
  'rules that others can write': { make: `chmod 666 ${SUDOERS}`, code: 'sudoers-broken', where: '/etc/sudoers', line: 'visudo -c', also: ['sudo-rule-missing'], mend: { by: `chmod 440 ${SUDOERS}` } },
  'no sudo': { make: 'mv /usr/bin/sudo /usr/bin/sudo.kept', code: 'sudo-missing', where: '/usr/bin/sudo', line: 'apt-get install sudo', mend: { by: 'mv /usr/bin/sudo.kept /usr/bin/sudo' } },
}; // biome-ignore format: one table

/** A setting that sudo-rs does not know: it leaves that line out, and prints it to whoever calls it. */
const unknownToRs = (...lines: string[]): Mistake => ({
  make: extra(...lines),
  code: 'sudoers-broken',
  where: '/etc/sudoers',
  line: 'visudo -c',
  mend: restored,
});

/** What is otherwise for sudo-rs; undefined where it is no mistake. */
const FOR_SUDO_RS: Record<string, Mistake | undefined> = {
  'env_reset is off': undefined,
  'a terminal is wanted': unknownToRs('Defaults requiretty'),
  'the stream is logged': unknownToRs('Defaults log_output', 'Defaults!ZREP_GATE_BACKUP1 env_keep += "LD_PRELOAD", log_output'),
  'a file that sudo cannot read': { make: "printf 'zrep ALL=(\\n' >/etc/sudoers.d/broken; chmod 440 /etc/sudoers.d/broken", code: 'sudoers-broken', where: '/etc/sudoers', line: 'visudo -c', mend: { by: 'rm /etc/sudoers.d/broken' } },
  'a variable is kept, by an alias for accounts': { make: extra('User_Alias PEOPLE = root, \\', '  zrep', 'Defaults:PEOPLE !secure_path', 'Defaults!ZREP_GATE_BACKUP1 env_keep \\', '  += "LD_PRELOAD" # so'), code: 'sudo-keeps-dangerous', where: SUDOERS, line: DEFAULTS, also: ['sudo-no-secure-path'], mend: restored },
  'a file of its own, without the rule': { make: 'grep -v includedir /etc/sudoers >/etc/sudoers-rs; chmod 440 /etc/sudoers-rs', code: 'sudo-rule-missing', where: SUDOERS, line: RULE, mend: { by: 'echo "@includedir /etc/sudoers.d" >>/etc/sudoers-rs' }, after: 'rm /etc/sudoers-rs' },
}; // biome-ignore format: one table

/** Those of the sudo that the fileserver has. */
async function mistakes({ fileserver }: GateLab): Promise<Record<string, Mistake>> {
  const { stdout } = await fileserver.run(['/usr/bin/sudo', '--version']);
  if (!stdout.startsWith('sudo-rs ')) return MISTAKES;
  const all = Object.entries({ ...MISTAKES, ...FOR_SUDO_RS });
  return Object.fromEntries(all.flatMap(([name, mistake]) => (mistake ? [[name, mistake]] : [])));
}

await inDoctorLab(t, POLICY_TEXT, mistakes);
