/** What explain answers: the verdict that serve would reach, the grant that decided, and why not. */

import fc from 'fast-check';
import t from 'tap';
import { explain, formatExplanation } from '../../src/gate/explain.ts';
import { assumedAddress } from '../../src/policy/assume.ts';
import { refusalCodes } from '../../src/refusal.ts';
import { ASKER, policyOf, SAMPLE } from '../fixtures/gate/policy.ts';

const policy = await policyOf(SAMPLE);

t.test(
  'an allowed command names the grant that decided, the argv that would run, and the conditions',
  (t) => {
    t.strictSame(
      explain(
        policy,
        ASKER,
        ' /opt/zrep  _refreshcomplete tank/home@zrep_00000a zrep:sent=1699999999 ',
        new Set(['batches']),
      ),
      {
        verdict: 'allow',
        code: 'allowed',
        reason: 'the grant for "tank/home" allows it',
        grant: 'tank/home',
        plan: [
          {
            argv: [
              '/sbin/zfs',
              'set',
              'zrep-gate:streamed=<record>',
              'zrep:sent=1699999999',
              'tank/home@zrep_00000a',
            ],
          },
        ],
        conditions: ['a stream of tank/home@zrep_00000a to "backup1" has ended well'],
      },
    );
    t.equal(explain(policy, ASKER, 'zrep snaponly tank/vm/deep/er').grant, 'tank/vm');
    t.end();
  },
);

t.test('the plan is for the zfs of this machine, unless another is given; a refusal does not look', (t) => {
  const first = (capabilities: { has(name: string): boolean }) =>
    explain(policy, ASKER, 'zrep snaponly tank/home', capabilities).plan[0]?.argv.slice(2, -1);
  t.same(first(new Set(['batches'])), ['zrep:lock-pid=<pid>', 'zrep:lock-time=<now>']);
  t.same(first(new Set()), ['zrep:lock-pid=<pid>']);
  const watched = {
    has: (name: string) => {
      throw new Error(`looked for ${name}`);
    },
  };
  t.equal(explain(policy, ASKER, 'zrep snaponly tank/other', watched).verdict, 'deny');
  t.throws(() => first(watched), /looked for \w+/);
  t.end();
});

t.test('a denied command has a code, a reason, no plan, and the grant that decided, where one did', (t) => {
  const from = (address?: string) => ({ ...ASKER, client: 'backup2', address });
  const cases: [string, string, string, (typeof ASKER)?][] = [
    ['', 'empty-command', 'no command was sent; this key runs zrep and zfs send commands, not a shell'],
    ['zrep snaponly tank/home; id', 'not-understood', 'the command has shell syntax, or a character that no zrep command needs'],
    ['zrep snaponly tank/home\n', 'unprintable', 'the command has a character outside printable ASCII'],
    ['x'.repeat(8193), 'too-long', 'the command has 8193 characters, more than the 8192 allowed'],
    ['bash -c id', 'unknown-program', '"bash" is neither zrep nor zfs'],
    ['zrep init tank/home', 'unknown-verb', 'zrep "init" is not offered here'],
    ['zrep snaponly tank/other', 'not-granted', '"tank/other" is not granted to this client, or does not exist'],
    ['zfs send tank/vm@zrep_000001', 'operation-not-granted', 'the grant for this dataset does not include "send"'],
    ['zrep snaponly tank/home', 'unknown-client', 'the policy has no client "nobody"', { ...ASKER, client: 'nobody' }],
    ['zfs list tank/home', 'wrong-address', 'this client may not connect from this address', from('192.0.3.1')],
    ['zfs list tank/home', 'wrong-address', 'this client may not connect from this address', from()],
  ]; // biome-ignore format: one table
  for (const [command, code, reason, asker = ASKER] of cases) {
    const grant = code === 'operation-not-granted' ? { grant: 'tank/vm' } : {};
    const expected = { verdict: 'deny', code, reason, ...grant, plan: [], conditions: [] };
    t.strictSame(explain(policy, asker, command), expected, command.slice(0, 60));
  }
  t.equal(explain(policy, from('192.0.2.77'), 'zfs list tank/home').verdict, 'allow');
  t.equal(explain(policy, from('2001:db8::1'), 'zfs list tank/home').verdict, 'allow');
  t.end();
});

t.test('whatever the command, the answer is a verdict of the documented form, in printable words', (t) => {
  const words = fc.constantFrom(
    ...[
      'zrep',
      'zfs',
      'snaponly',
      '_refreshpull',
      '_init',
      '_initpull',
      '_uninit',
      'expire',
      '-L',
      '-R',
      '-t',
      'send',
      'list',
      'get',
      '|',
      'lz4',
      '-r',
    ],
    ...[
      'tank/home',
      'tank/vm',
      'tank/home@zrep_000001',
      'zrep:sent=1700000000',
      '-o',
      'name',
      '"',
      "'",
      ';',
      '\\',
      '$(id)',
    ],
  );
  const command = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 7 }).map((all) => all.join(' ')),
  );
  const property = fc.property(command, (text) => {
    const { verdict, code, reason, plan } = explain(policy, ASKER, text);
    const known = verdict === 'allow' ? code === 'allowed' : (refusalCodes as string[]).includes(code);
    return known && /^[\x20-\x7e]+$/.test(reason) && (verdict === 'allow') === plan.length > 0;
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 2000 }));
  t.end();
});

t.test('a person reads the verdict, the processes with a bar before filters, and the conditions', (t) => {
  t.equal(
    formatExplanation(explain(policy, ASKER, 'zfs send tank/home@zrep_000001 | pigz')),
    [
      'allow: the grant for "tank/home" allows it',
      '',
      'would run:',
      '  /sbin/zfs send tank/home@zrep_000001',
      "  | /opt/pigz -c 'two words'",
      '',
      'if, when it runs:',
      '  - the snapshots exist',
    ].join('\n'),
  );
  t.equal(
    formatExplanation(explain(policy, ASKER, 'zrep snaponly all')),
    'deny (bad-usage): "all" is not offered here; name the dataset; the form is: zrep VERB DATASET',
  );
  t.end();
});

t.test('where no address is given, the first that the policy allows is assumed', (t) => {
  t.equal(assumedAddress(policy, 'backup2'), '192.0.2.0');
  t.equal(assumedAddress(policy, 'backup1'), undefined);
  t.equal(assumedAddress(policy, 'nobody'), undefined);
  t.end();
});

t.test('a session is allowed to whoever may ask at all, and runs nothing', (t) => {
  t.match(explain(policy, ASKER, 'zrep-gate session'), { verdict: 'allow', code: 'allowed', plan: [] });
  t.match(explain(policy, { ...ASKER, client: 'nobody' }, 'zrep-gate session'), { code: 'unknown-client' });
  t.match(explain(policy, { ...ASKER, client: 'backup2' }, 'zrep-gate session'), { code: 'wrong-address' });
  t.match(explain(policy, ASKER, ' zrep-gate session'), { code: 'unknown-program' });
  t.end();
});
