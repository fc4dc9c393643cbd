/** The rules of one client taken out of a sudoers file. */

import t from 'tap';
import { sudoersLines } from '../../../src/gate/authorize.ts';
import { withoutRules } from '../../../src/gate/pairing/sudoers.ts';

const rule = (client: string, policyPath?: string) =>
  sudoersLines({ client, publicKey: '', program: '/usr/bin/zrep-gate', policyPath, sudo: true }, 'zrep');

t.test('its three lines go, and those of others stay', async (t) => {
  const other = `# ours\n${rule('backup10')}\n`;
  const text = `${other}${rule('backup1', '/etc/a=b')}\nzrep ALL=(root) NOPASSWD: /bin/true\n`;
  const { text: left, lines } = withoutRules(
    text,
    ({ client, policy }) => client === 'backup1' && policy === '/etc/a=b',
  );
  t.equal(left, `${other}zrep ALL=(root) NOPASSWD: /bin/true\n`);
  t.same(lines, rule('backup1', '/etc/a=b').split('\n'));
  t.same(
    withoutRules(text, ({ client }) => client === 'backup'),
    { text, lines: [] },
  );
});
