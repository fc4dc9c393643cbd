/** A client's whole string: which grammar it is read by, and that nothing else than an operation comes out. */

import { inspect, isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import { parse } from '../../src/command/parse.ts';
import { isPull } from '../../src/command/request.ts';
import { isRefusal, type RefusalCode } from '../../src/refusal.ts';
import { list, operation, print, refreshpull, snaponly } from '../fixtures/command/operations.ts';
import { foreignText, GOOD_COMMANDS, isSound, named } from '../fixtures/command/texts.ts';

const HOME = 'tank/home';
const PROGRAMS = ['zrep', '/zrep', '/usr/local/bin/zrep', '/opt/my tools/zrep', '/../x/zrep'];

const REFUSED: readonly (readonly [code: RefusalCode, commands: readonly string[]])[] = [
  ['empty-command', ['', '   ']],
  ['not-understood', ['zrep snaponly tank/home; id', 'zrep snaponly $(id)', 'zrep snaponly tank/home &', '| zrep']],
  ['unprintable', ['zrep snaponly tank/home\n', 'zrep\tsnaponly tank/home', 'zrep snaponly tank/h\u00f6me']],
  ['unknown-program', ['sudo', 'id', 'sh -c x', 'zreps list', 'xzrep list', './zrep snaponly a', 'bin/zfs list a', '/usr/bin/zrep/ a']],
  ['unknown-program', ['sudo sudo zrep snaponly a', 'sudo -n zrep snaponly a', 'env zfs list a', 'A=b zfs list a', `'' zfs list a`, 'ZFS list a']],
  ['unknown-program', ['zpool list', 'zrep-expire a', '/usr/bin/sudo zrep snaponly a', 'zfs/zrep snaponly a', '-zfs list a']],
  ['unknown-verb', ['zrep', 'zfs', 'zrep list tank', 'zfs snaponly tank', 'sudo zrep', 'zrep zfs list a']],
  ['bad-usage', ['zrep snaponly tank/home | cat', 'zfs list tank | cat', 'zrep expire -L a | lz4', 'zfs get a b | lz4']],
  ['bad-usage', ['zfs send a@zrep_000001 | a | b | c | d | e', 'zrep _refreshcomplete a@zrep_000001 zrep:sent=1 | cat']],
  ['bad-name', ['zfs send a@zrep_000001 | ./x', 'zrep _refreshpull a@zrep_000001 | -x']],
]; // biome-ignore format: one table

t.test('zrep can be named by any path, with sudo or without', async (t) => {
  for (const program of PROGRAMS) {
    for (const before of ['', 'sudo ', '  sudo   ']) {
      const command = `${before}'${program}' snaponly tank/home`;
      t.strictSame(parse(command), { operation: snaponly(HOME), filters: [] }, named(command));
    }
  }
  t.strictSame(parse('sudo /usr/sbin/zfs list tank/home'), { operation: list(HOME), filters: [] });
});

t.test('only a stream has filters, and they stay as they were written', async (t) => {
  t.strictSame(parse('zrep  _refreshpull tank/home@zrep_000001  | /usr/bin/lz4 -c|x "a b"'), {
    operation: refreshpull(HOME, 1),
    filters: [
      { name: 'lz4', arguments: ['-c'] },
      { name: 'x', arguments: ['a b'] },
    ],
  });
  t.match(parse('zfs send tank/home@zrep_000001 | lz4'), { filters: [{ name: 'lz4', arguments: [] }] });
});

t.test('what is no command of ours is refused for the first thing that is wrong with it', async (t) => {
  for (const [code, commands] of REFUSED) {
    for (const command of commands) t.match(parse(command), { refused: code }, named(command));
  }
});

t.test('the commands that the property tests start from are understood', async (t) => {
  for (const command of GOOD_COMMANDS) t.notOk(isRefusal(parse(command)), named(command));
});

t.test(
  'every operation, printed with blanks of any number between its words, is read back as itself',
  async () => {
    const filter = fc.record({
      name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.+-]{0,9}$/),
      arguments: fc.array(fc.stringMatching(/^[A-Za-z0-9_./:@%+=,-]{1,6}$/), { maxLength: 3 }),
    });
    const pipeline = fc.tuple(operation, fc.array(filter, { maxLength: 4 })).map(([operation, filters]) => ({
      operation,
      filters: isPull(operation) || operation.kind === 'send' ? filters : [],
    }));
    fc.assert(
      fc.property(pipeline, fc.constantFrom(' ', '  ', '     '), (pipeline, gap) => {
        same(parse(print(pipeline, gap)), pipeline);
      }),
      { numRuns: 1000 },
    );
  },
);

t.test('any text is a sound refusal, or an operation that can be printed and read again', async () => {
  fc.assert(
    fc.property(foreignText, (text) => {
      const pipeline = parse(text);
      if (isRefusal(pipeline)) return isSound(pipeline);
      const { operation } = pipeline;
      const token = 'token' in operation && operation.token !== undefined;
      if (!token && quotable(pipeline.filters)) same(parse(print(pipeline)), pipeline);
      const bare = text.replace(/['"]/g, '');
      return (
        /^(?:snaponly|init|initpull|refreshpull|refreshcomplete|expire|state|list|get|send)$/.test(
          operation.kind,
        ) &&
        /^[A-Za-z][A-Za-z0-9_.:-]*(?:\/[A-Za-z0-9_.:-]+)*$/.test(operation.dataset) &&
        bare.includes(operation.dataset) &&
        (!('tag' in operation) || operation.tag === 'zrep' || bare.includes(operation.tag))
      );
    }),
    { numRuns: 3000 },
  );
});

const quotable = (filters: readonly { arguments: readonly string[] }[]): boolean =>
  filters.every((filter) => filter.arguments.every((word) => /^[^ ]+$/.test(word)));

function same(found: unknown, wanted: unknown): void {
  // Cloned, since records of fast-check have no prototype.
  const [a, b] = [found, wanted].map((value) => structuredClone(value));
  if (!isDeepStrictEqual(a, b)) throw new Error(`${inspect(a)} is not ${inspect(b)}`);
}
