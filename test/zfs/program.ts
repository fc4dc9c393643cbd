/** The words of a channel program, and what is made of its answer; test/system/programs.ts runs the script. */

import fc from 'fast-check';
import t from 'tap';
import { type Change, type Premise, programArgv, readProgram } from '../../src/zfs/program.ts';

const HOME = 'tank/home';
const SNAPSHOT = `${HOME}@zrep_000001`;

t.test(
  'each step is four words, the premises first, behind the pool and the place of the script',
  async (t) => {
    const premises: Premise[] = [
      { holds: 'value', target: HOME, property: 'zrep:lock-pid', value: '7' },
      { holds: 'value', target: HOME, property: 'zrep:lock-time', value: undefined },
    ];
    const changes: Change[] = [
      { does: 'set', target: SNAPSHOT, property: 'zrep:sent', value: '1700000000' },
      { does: 'inherit', target: HOME, property: 'zrep:lock-pid' },
      { does: 'release', target: HOME, property: 'zrep:lock-time' },
      { does: 'snapshot', target: `${HOME}@zrep_000002` },
      { does: 'bookmark', target: `${HOME}#zrep_000001_9`, snapshot: SNAPSHOT },
      { does: 'destroy', target: SNAPSHOT },
    ];
    t.same(programArgv(premises, changes), [
      ...['program', '-j', '--', 'tank', '-'],
      ...['value', HOME, 'zrep:lock-pid', '7'],
      ...['none', HOME, 'zrep:lock-time', ''],
      ...['set', SNAPSHOT, 'zrep:sent', '1700000000'],
      ...['inherit', HOME, 'zrep:lock-pid', ''],
      ...['release', HOME, 'zrep:lock-time', ''],
      ...['snapshot', `${HOME}@zrep_000002`, '', ''],
      ...['bookmark', `${HOME}#zrep_000001_9`, SNAPSHOT, ''],
      ...['destroy', SNAPSHOT, '', ''],
    ]);
  },
);

t.test('a GUID is said with a sign, as channel programs have it', async (t) => {
  for (const [guid, said] of [
    ['1', '1'],
    ['9223372036854775807', '9223372036854775807'],
    ['9223372036854775808', '-9223372036854775808'],
    ['18446744073709551615', '-1'],
  ] as const)
    t.same(programArgv([{ holds: 'guid', target: SNAPSHOT, guid }], []).slice(5), [
      'guid',
      SNAPSHOT,
      '',
      said,
    ]);
});

t.test('an answer says what was left, which premise did not hold, or that it cannot be', async (t) => {
  t.same(readProgram('{"return":{"left":{}}}\n', 2), { ran: 'done', left: [] });
  t.same(readProgram('{"return":{"left":{"1":3,"2":5}}}\n', 2), { ran: 'done', left: [0, 2] });
  t.same(readProgram('{"return":{"changed":2}}', 2), { ran: 'changed', premise: 1 });
  t.same(readProgram('{"return":{"cannot":3}}', 2), { ran: 'cannot' });
});

t.test('what is no answer of the script is none', async (t) => {
  for (const output of ['', '{}', '{"return":1}', '{"return":{"left":{"1":1}}}', '{"return":{"left":null}}'])
    t.equal(readProgram(output, 2), undefined, output);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (output) => {
      const ran = readProgram(output, 2);
      return ran === undefined || ['done', 'changed', 'cannot'].includes(ran.ran);
    }),
  );
});
