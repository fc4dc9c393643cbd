/** What stands behind a pipe: names and arguments, as written; up to four. */

import t from 'tap';
import { parseFilters } from '../../src/command/filters.ts';
import { named } from '../fixtures/command/texts.ts';

t.test('a filter is the name of a program, its path cut off, and its arguments as they are', async (t) => {
  t.strictSame(parseFilters([]), []);
  t.strictSame(parseFilters([['lz4', '-c', ''], ['/usr/bin/zstd'], ['/a.b/c-d/e_f+1', '-T 4'], ['/x']]), [
    { name: 'lz4', arguments: ['-c', ''] },
    { name: 'zstd', arguments: [] },
    { name: 'e_f+1', arguments: ['-T 4'] },
    { name: 'x', arguments: [] },
  ]);
  t.strictSame(parseFilters([['a'.repeat(32)]]), [{ name: 'a'.repeat(32), arguments: [] }]);
});

t.test('a word that is no plain name, or a relative path, is refused', async (t) => {
  const words = [
    '',
    '-c',
    '.hidden',
    './lz4',
    'bin/lz4',
    '../lz4',
    '/usr/bin/',
    '//lz4',
    '/usr//lz4',
    'a b',
    'a=b',
    'a:b',
    'a@b',
    '_a',
    'a'.repeat(33),
  ];
  for (const word of words)
    t.match(parseFilters([['cat'], [word, 'x']]), { refused: 'bad-name' }, named(word));
});

t.test('a fifth filter is one too many', async (t) => {
  t.match(parseFilters(Array(4).fill(['cat'])), { length: 4 });
  t.match(parseFilters(Array(5).fill(['cat'])), { refused: 'bad-usage' });
});
