/** Lines against the policy's clients, and against all other lines for the same key. */

import t from 'tap';
import { gateLinesIn } from '../../src/doctor/gate-lines.ts';
import { judgeKeyless, judgeLabel, judgeSecondLines } from '../../src/doctor/judge-clients.ts';
import { gateLine, KEY, keysOf, ROOT, SOUND, ZREP } from '../fixtures/doctor/lines.ts';
import { policyOf, SAMPLE } from '../fixtures/gate/policy.ts';

const REVERSED = SAMPLE.replace('"192.0.2.0/24", "2001:db8::1"', '"2001:db8::1", "192.0.2.0/24"');
const policy = { path: 'p.toml', policy: await policyOf(REVERSED) };
const OTHER = KEY.replace('EXAMPLE', 'ANOTHER');
const TWO = SOUND.replace('backup1', 'backup2');

t.test('the client of a line has to be in the policy, and the addresses to be the same', (t) => {
  const judge = (options: string) => judgeLabel(gateLine(ROOT, `${options} ${KEY}`), policy);
  t.same(judge(SOUND), []);
  t.same(judge(`${SOUND},from="192.0.2.1"`), [], 'sshd may be stricter where the policy says nothing');
  t.match(judge(SOUND.replace('backup1', 'nobody')), [
    {
      code: 'unknown-client',
      problem: 'is for the client "nobody", which p.toml does not have (it has: backup1, backup2)',
    },
  ]);
  for (const from of ['2001:db8::1,192.0.2.0/24', '192.0.2.0/24,2001:db8::1'])
    t.same(judge(`${TWO},from="${from}"`), [], 'in any order');
  const wanted = `restrict,from="2001:db8::1,192.0.2.0/24",${TWO.replace('restrict,', '')}`;
  for (const options of [TWO, `${TWO},from="192.0.2.0/24"`])
    t.match(judge(options), [{ code: 'key-from-differs', remedy: { lines: [wanted] } }]);
  t.end();
});

t.test('a client without a line is told, of those that are asked about', (t) => {
  const gates = [gateLine(ROOT, `${SOUND} ${KEY}`)];
  t.match(
    judgeKeyless(policy, gates, () => true),
    [{ code: 'client-without-key', where: 'p.toml: client.backup2' }],
  );
  t.same(
    judgeKeyless(policy, gates, (client) => client !== 'backup2'),
    [],
  );
  t.end();
});

t.test('a second line for the same key, wherever it stands', (t) => {
  const judge = (root: string, zrep = '') => {
    const files = [keysOf(ROOT, root), keysOf(ZREP, zrep)];
    return judgeSecondLines(gateLinesIn(files), files).map(
      ({ code, where }) => `${code} ${where.replace('/.ssh/authorized_keys', '')}`,
    );
  };
  const first = `${SOUND} ${KEY}`;
  t.same(judge(`${first}\n${OTHER} another key`), []);
  t.same(judge(`${first}\n${KEY} old`), ['key-open-elsewhere /root:2']);
  t.same(
    judge(`restrict,pty ${KEY}\n${first}`),
    ['key-open-elsewhere /root:1'],
    'without command= it is a shell',
  );
  t.same(judge(first, KEY), ['key-open-elsewhere /var/lib/zrep:1']);
  t.same(judge(`${first}\nrestrict,command="uptime" ${KEY}`), ['key-other-command /root:2']);
  t.same(judge(`${first}\n${TWO} ${KEY}`), ['key-twice /root:2']);
  t.same(judge(`${SOUND},from="192.0.2.1" ${KEY}\n${TWO},from="192.0.2.2" ${KEY}`), [], 'only one can fit');
  t.same(judge(`${SOUND},from="192.0.2.1" ${KEY}\n${TWO},from="192.0.2.2,192.0.2.1" ${KEY}`), [
    'key-twice /root:2',
  ]);
  t.same(judge(first, first), ['key-in-two-accounts /var/lib/zrep:1']);
  t.same(judge(`${first}\n${TWO} ${OTHER}`), []);
  t.end();
});
