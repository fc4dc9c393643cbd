/** What keeps a policy from being TOML, in words for its author. */

import t from 'tap';
import { buildPolicy } from '../../src/policy/build.ts';

/** [the text, line and column, what is said] */
const MISTAKES: [string, string, string][] = [
  ['a = 1\ndataset = "tank/home\nb = 1', 'line 2, column 21', 'a quote is missing at the end of a string: dataset = "tank/home'],
  ["from = '192.0.2.1\n", 'line 1, column 18', "a quote is missing at the end of a string: from = '192.0.2.1"],
  ['a = """\n', 'line 1, column 5', 'a quote is missing at the end of a string: a = """'],
  ['a = ["pull", "expire]\n', 'line 1, column 22', 'a quote is missing at the end of a string: a = ["pull", "expire]'],
  ['a = ["pull, "expire"]\n', 'line 1, column 14', 'a quote is missing: a = ["pull, "expire"]'],
  ['dataset = tank/home"\n', 'line 1, column 11', 'a quote is missing in front of tank/home: write "tank/home"'],
  ['dataset = tank/home # mine\n', 'line 1, column 11', 'the quotes around tank/home are missing: write "tank/home"'],
  ['a = [pull, "expire"]\n', 'line 1, column 6', 'the quotes around pull are missing: write "pull"'],
  ['a = \u201ctank\u201d\n', 'line 1, column 5', 'write plain quotes ("), not typographic ones'],
  ['a = ["pull" "expire"]\n', 'line 1, column 13', 'a comma or a closing bracket is missing in front of "expire"]'],
  ['a = ["pull"\n[client.c]\n', 'line 2, column 1', 'a comma or a closing bracket is missing in front of [client.c]'],
  ['[client.b\n', 'line 1, column 10', 'a closing bracket is missing: write [client.b]'],
  ['[[client.b.grant]\n', 'line 1, column 18', 'a closing bracket is missing: write [[client.b.grant]]'],
  ['[client.my backup]\n', 'line 1, column 12', '"client.my backup" has a blank in it; a client\'s name has letters, digits and "_.-", such as backup1'],
  ['dataset: "t"\n', 'line 1, column 8', 'write = between a key and its value, not ":": dataset: "t"'],
  ['[client.b]\n[client.b]\n', 'line 2, column 2', '[client.b] is there already; put the two together'],
  ['[client.b.grant]\n[client.b.grant]\n', 'line 2, column 2', 'write it with two brackets: [[client.b.grant]]'],
]; // biome-ignore format: one table

t.test('what is missing is named', async (t) => {
  for (const [text, place, problem] of MISTAKES) {
    const built = await buildPolicy(text);
    t.match(built, { mistakes: [{ problem }] }, text);
    const [first] = 'mistakes' in built ? built.mistakes : [];
    t.match(first?.place, new RegExp(`^${place.replace(/\d+$/, '')}`), text);
  }
});

t.test('what is not known here is said as the parser says it', async (t) => {
  t.match(await buildPolicy('a = "x" y\n'), {
    mistakes: [{ problem: /^Invalid TOML document: each key-value/ }],
  });
});
