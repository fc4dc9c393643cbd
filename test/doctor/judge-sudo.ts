/** How an account becomes root, judged from what sudo lists. */

import t from 'tap';
import {
  judgeOtherRules,
  judgeSudoCall,
  type SudoFacts,
  wantsTerminal,
} from '../../src/doctor/judge-sudo.ts';

const PROGRAM = '/usr/bin/zrep-gate';
const RULE = {
  place: undefined,
  runAs: ['root'],
  options: ['!authenticate'],
  commands: [`${PROGRAM} serve backup1`],
};
const KEEPS = ['SSH_ORIGINAL_COMMAND', 'SSH_CONNECTION'];
const options = new Map<string, boolean | string>([
  ['env_reset', true],
  ['secure_path', '/usr/bin'],
]);
const FACTS: SudoFacts = {
  account: 'zrep',
  call: { sudo: 'sudo', program: PROGRAM, client: 'backup1', policy: undefined },
  allowed: true,
  rules: [RULE],
  tags: [],
  defaults: { options, keeps: KEEPS },
};
const judge = (changes: Partial<SudoFacts>) =>
  judgeSudoCall({ ...FACTS, ...changes }).map(({ code }) => code);
const withDefault = (name: string, value: boolean | string) => ({
  defaults: { ...FACTS.defaults, options: new Map([...options, [name, value]]) },
});
const keeping = (...keeps: string[]) => ({ defaults: { ...FACTS.defaults, keeps: [...KEEPS, ...keeps] } });

t.test('what authorize prints is sound, and is what the doctor says to write', (t) => {
  t.same(judge({}), []);
  const [missing] = judgeSudoCall({ ...FACTS, allowed: false });
  t.match(missing, {
    code: 'sudo-rule-missing',
    remedy: {
      lines: [
        'Cmnd_Alias ZREP_GATE_BACKUP1 = /usr/bin/zrep-gate serve backup1',
        'Defaults!ZREP_GATE_BACKUP1 env_reset, env_keep = "SSH_ORIGINAL_COMMAND SSH_CONNECTION"',
        'zrep ALL=(root) NOPASSWD: ZREP_GATE_BACKUP1',
      ],
    },
  });
  t.end();
});

t.test("a rule's own word goes before that of Defaults, and the last rule holds", (t) => {
  const ruleWith = (...own: string[]) => ({ rules: [{ ...RULE, options: own }] });
  t.same(judge(ruleWith()), ['sudo-asks-password']);
  t.same(judge({ ...ruleWith(), ...withDefault('authenticate', false) }), []);
  t.same(judge({ ...ruleWith('authenticate'), ...withDefault('authenticate', false) }), [
    'sudo-asks-password',
  ]);
  t.same(judge({ rules: [RULE, { ...RULE, options: [], commands: ['ALL'] }] }), ['sudo-asks-password']);
  t.same(judge({ rules: [{ ...RULE, options: [], commands: ['ALL'] }, RULE] }), []);
  for (const commands of [['ALL'], [PROGRAM], [`${PROGRAM} serve *`], ['^/usr/bin/.*$']])
    t.same(judge({ rules: [{ ...RULE, commands }] }), [], 'it is that rule, however wide');
  for (const [name, code] of [
    ['setenv', 'sudo-setenv'],
    ['noexec', 'sudo-noexec'],
    ['log_output', 'sudo-logs-stream'],
    ['log_input', 'sudo-logs-stream'],
  ] as const) {
    t.same(judge(ruleWith('!authenticate', name)), [code]);
    t.same(judge(withDefault(name, true)), [code]);
    t.same(judge({ ...ruleWith('!authenticate', `!${name}`), ...withDefault(name, true) }), []);
  }
  t.same(
    judge({ tags: ['setenv', 'noexec'] }),
    ['sudo-setenv', 'sudo-noexec'],
    'also where they are not listed',
  );
  t.same(judge(withDefault('requiretty', true)), ['sudo-wants-terminal']);
  t.match(wantsTerminal('zrep').remedy.lines, ['Defaults:root,zrep !requiretty']);
  t.end();
});

t.test('of variables, exactly two are needed', (t) => {
  t.same(judge(keeping('LANG', 'LC_*', 'TZ')), []);
  t.same(judge(keeping('EDITOR')), ['sudo-keeps-more']);
  t.same(judge(keeping('LD_*', 'EDITOR')), ['sudo-keeps-dangerous', 'sudo-keeps-more']);
  t.same(judge(keeping('PATH=/tmp')), ['sudo-keeps-dangerous']);
  t.same(judge({ defaults: { ...FACTS.defaults, keeps: [] } }), ['sudo-drops-command', 'sudo-drops-address']);
  t.same(judge(withDefault('env_reset', false)), ['sudo-env-reset-off']);
  t.same(judge(withDefault('secure_path', '')), ['sudo-no-secure-path']);
  t.end();
});

t.test('whatever else the account may run is too wide; the gate for another client is not', (t) => {
  const judged = (...commands: string[]) =>
    judgeOtherRules('zrep', [{ ...RULE, place: '/etc/sudoers.d/x', commands }], [PROGRAM]).map(
      ({ where, problem }) => `${where}: ${problem}`,
    );
  t.same(judged(`${PROGRAM} serve backup1`, `${PROGRAM} serve backup2`, '!/bin/sh'), []);
  t.same(judged('ALL'), ['/etc/sudoers.d/x: zrep may run as root: ALL']);
  for (const wide of [
    PROGRAM,
    `${PROGRAM} serve *`,
    `${PROGRAM} check`,
    '/opt/zrep-gate serve backup1',
    `^${PROGRAM} serve .*$`,
  ])
    t.equal(judged(wide).length, 1, wide);
  t.end();
});
