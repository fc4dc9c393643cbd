/** Filters: a client's word and arguments stand for a fixed argv, or for nothing. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { filterTable, resolveFilter } from '../../src/policy/filters.ts';
import { isRefusal } from '../../src/refusal.ts';

const PIGZ = ['/opt/pigz', '-c', 'two words'];
const LZ4 = ['/usr/bin/lz4', '-z', '-q', '-c'];
const ALL = ['gzip', 'lz4', 'zstd', 'mbuffer', 'pigz'];
const table = filterTable({ pigz: { argv: PIGZ } });

const resolve = (name: string, ...words: string[]) => resolveFilter({ name, arguments: words }, ALL, table);

t.test('the built-in filters are those of the manual, from /usr/bin', async (t) => {
  const manual = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
  const [line = ''] = /^ {4}gzip .*$/m.exec(manual) ?? [];
  const listed = line
    .trim()
    .split(/ {2,}/)
    .map((words) => `/usr/bin/${words}`);
  t.same(
    Array.from(filterTable({}).values(), (argv) => argv.join(' ')),
    listed,
  );
});

t.test("a built-in filter's usual options are accepted and not passed on", async (t) => {
  const usual = {
    gzip: ['-9', '-c -q', '--fast', '--best --stdout', '-n -1'],
    lz4: ['-c', '-9', '-12', '-z -q -c', '-c -', '-q -1 -'],
    zstd: ['-c', '-19', '-T0', '-T12 -q', '--fast', '-3 -z'],
    mbuffer: ['-q', '-m 1G', '-q -s 128k -m 64M', '-P 80%', '-b 1024'],
  };
  for (const [name, lines] of Object.entries(usual)) {
    for (const line of ['', ...lines])
      t.equal(resolve(name, ...line.split(' ').filter(Boolean)), table.get(name), line);
  }
});

t.test(
  'what could read, write or run anything else is refused, and the sentence says what is allowed',
  async (t) => {
    const turned = {
      gzip: ['-d', '-r', '-k', '-S .x', '/etc/shadow', '-c /etc/shadow', '-19', '-', '--rsyncable', '-9c'],
      lz4: ['-d', '-f', '/etc/shadow', '- /tmp/out', '-c - -9', '-13', '-m', '--rm', '-z -q -c -d', '-- -'],
      zstd: [
        '-d',
        '-o /tmp/out',
        '-D /etc/shadow',
        '--rm',
        '-f',
        '-T',
        '-T123',
        '-20',
        '--ultra',
        '--fast=1',
      ],
      mbuffer: [
        '-i /etc/shadow',
        '-o /tmp/out',
        '-O host:1',
        '-I 1',
        '-a',
        '-m',
        '-m -q',
        '-T /tmp/x',
        '-m 1000000000k0',
      ],
    };
    for (const [name, lines] of Object.entries(turned)) {
      for (const line of lines)
        t.match(resolve(name, ...line.split(' ')), { refused: 'filter-arguments' }, `${name} ${line}`);
    }
    t.match(resolve('gzip', '-d'), { reason: /allowed are: -c, -q, -n, -1 to -9$/ });
  },
);

t.test("a filter of the policy's own is named alone or with exactly its arguments", async (t) => {
  t.equal(resolve('pigz'), PIGZ);
  t.equal(resolve('pigz', '-c', 'two words'), PIGZ);
  for (const words of [['-c'], ['-9'], ['-c', 'two words', '-d'], ['two words', '-c']]) {
    t.match(resolve('pigz', ...words), { refused: 'filter-arguments', reason: /allowed are: -c two words$/ });
  }
});

t.test("one that replaces a built-in filter takes none of the built-in one's options", async (t) => {
  const own = filterTable({ lz4: { argv: ['/opt/lz4'] } });
  t.same(own.get('lz4'), ['/opt/lz4']);
  t.same(own.get('gzip'), ['/usr/bin/gzip', '-c']);
  t.same(resolveFilter({ name: 'lz4', arguments: [] }, ['lz4'], own), ['/opt/lz4']);
  const refused = resolveFilter({ name: 'lz4', arguments: ['-9'] }, ['lz4'], own);
  t.match(refused, { refused: 'filter-arguments', reason: /allowed are: none$/ });
});

t.test('what is not granted, or not defined, is refused', async (t) => {
  const ask = (name: string, granted: string[]) => resolveFilter({ name, arguments: [] }, granted, table);
  t.same(ask('lz4', ['lz4']), LZ4);
  for (const [name, granted] of [
    ['lz4', []],
    ['lz4', ['gzip']],
    ['sh', ['sh']],
    ['LZ4', ['lz4']],
  ] as const) {
    t.match(ask(name, [...granted]), { refused: 'filter-not-granted' }, name);
  }
});

t.test('whatever the client writes, the argv is one of the table or none', async () => {
  const word = fc.oneof(
    fc.constantFrom('-c', '-9', '-m', '1G', '-', '-q', '-d', ' -q', '-c -q'),
    fc.string(),
  );
  const all = fc.property(fc.constantFrom(...ALL, 'sh'), fc.array(word, { maxLength: 4 }), (name, words) => {
    const answer = resolve(name, ...words);
    return isRefusal(answer) || answer === table.get(name);
  });
  fc.assert(all, { numRuns: 2000 });
});
