/** Words and stages: what is read, what is refused, and that nothing else comes out. */

import fc from 'fast-check';
import t from 'tap';
import { lex, MAXIMUM_COMMAND } from '../../src/command/lex.ts';
import { isRefusal, type RefusalCode } from '../../src/refusal.ts';
import { foreignText, isSound, named } from '../fixtures/command/texts.ts';

const READ: readonly (readonly [text: string, stages: readonly (readonly string[])[]])[] = [
  ['zrep', [['zrep']]],
  ['  zrep   snaponly  tank/home ', [['zrep', 'snaponly', 'tank/home']]],
  ['aZ09_./:@%+=,-', [['aZ09_./:@%+=,-']]],
  ['a b|c|d e', [['a', 'b'], ['c'], ['d', 'e']]],
  [' a  |  b ', [['a'], ['b']]],
  [`'a b' "c d"`, [['a b', 'c d']]],
  [`a'b 'c"d"`, [['ab cd']]],
  [`''`, [['']]],
  [`"" a''|'' ""`, [['', 'a'], ['', '']]],
  [`'  '`, [['  ']]],
]; // biome-ignore format: one table

const REFUSED: readonly (readonly [code: RefusalCode, texts: readonly string[]])[] = [
  ['empty-command', ['', ' ', '     ']],
  ['unprintable', ['a\nb', 'a\n', '\ta', 'a\rb', 'a\0', 'a\x1b', 'a\x7f', 'a\x80', 'a\xa0b', 'a\u2028b', '\u{1f4a9}', '\ud800']],
  ['not-understood', [...'\\$`;&<>(){}[]*?~#!^', '|', '||', 'a|', '|a', 'a||b', 'a| |b', 'a|&b']],
  ['not-understood', [`'`, `"`, `'a`, `a"`, `'a"`, `a'b"c'`, `"a'b"`, `'a|b'`, `"$x"`, `'$x'`, `"a\\"`, '$(a)', '\\ ']],
  ['not-understood', ['a#b', 'a #b', 'a;b', 'a&&b', 'a>b', 'x=`y`', '{a,b}', 'a[b]', '~a', 'a*', `$'a'`]],
]; // biome-ignore format: one table

t.test('words stand between blanks, stages between pipes, and quotes keep blanks in a word', async (t) => {
  for (const [text, stages] of READ) t.strictSame(lex(text), stages, named(text));
});

t.test('whatever a shell would do more with than cut it into words is refused', async (t) => {
  for (const [code, texts] of REFUSED) {
    for (const text of texts) t.match(lex(text), { refused: code }, named(text));
  }
});

t.test('a command can be 8192 characters long', async (t) => {
  t.equal(MAXIMUM_COMMAND, 8192);
  t.strictSame(lex('a'.repeat(8192)), [['a'.repeat(8192)]]);
  t.match(lex('a'.repeat(8193)), { refused: 'too-long' });
  t.match(lex(' '.repeat(8193)), { refused: 'too-long' }, 'also when nothing is in it');
  t.match(lex('\n'.repeat(1e6)), { refused: 'too-long' });
});

t.test('text that almost fits, as long as can be, is judged at all', async (t) => {
  for (const piece of ['a', ' ', `''`, `'a'`, '"a "', 'a ', 'a |', 'a| ']) {
    const text = `a${piece.repeat(8190 / piece.length)}`;
    t.match(lex(`${text}$`), { refused: 'not-understood' }, piece);
  }
});

t.test('any text is words of plain characters and blanks, or a sound refusal', async () => {
  fc.assert(
    fc.property(foreignText, (text) => {
      const stages = lex(text);
      if (isRefusal(stages)) return isSound(stages);
      const words = stages.flat();
      return (
        stages.every((stage) => stage.length > 0) &&
        words.every((word) => /^[A-Za-z0-9_./:@%+=, -]*$/.test(word)) &&
        words.join('').replaceAll(' ', '') === text.replace(/[ |'"]/g, '')
      );
    }),
    { numRuns: 2000 },
  );
});

t.test('words in quotes, of whatever lex takes, come out as they went in', async () => {
  const plain = fc.string({ unit: fc.constantFrom(...'abzAZ09_./:@%+=,- ') });
  const word = fc.tuple(plain, fc.constantFrom("'", '"'));
  const stages = fc.array(fc.array(word, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(stages, fc.constantFrom('|', ' | ', '  |'), (stages, pipe) => {
      const text = stages
        .map((words) => words.map(([word, mark]) => mark + word + mark).join(' '))
        .join(pipe);
      const found = lex(text);
      return JSON.stringify(found) === JSON.stringify(stages.map((words) => words.map(([word]) => word)));
    }),
  );
});
