/** Help: all of it fits a terminal, and nothing that a person can write is left out. */

import { readFileSync } from 'node:fs';
import t from 'tap';
import { VERBS } from '../../../src/client/words/command-line.ts';
import { helpFor } from '../../../src/client/words/help.ts';
import { readSettings } from '../../../src/client/words/settings.ts';
import { UsageError } from '../../../src/client/words/usage-error.ts';

const TOPICS = [...Object.keys(VERBS), 'variables'];

t.test('help is printable, 80 columns wide, and ends with a line', async (t) => {
  for (const topic of [undefined, ...TOPICS]) {
    const text = helpFor(topic);
    t.match(text, /^(?:[\x20-\x7e]{0,80}\n)+$/, topic ?? 'overview');
    t.notMatch(text, / \n|undefined|\n\n\n/, topic ?? 'overview');
  }
});

t.test('each verb has help, with its usage and the options in it', async (t) => {
  for (const [verb, { usage: forms }] of Object.entries(VERBS)) {
    const text = helpFor(verb);
    for (const usage of forms) {
      t.ok(text.includes(`${usage}\n`), usage);
      const options = text.replace(usage, '');
      for (const [option = ''] of usage.matchAll(/(?<=\[)-[^\]|[ ]+/g))
        t.match(options, new RegExp(`^ +${option}\\b`, 'm'), `${verb} ${option}`);
    }
  }
});

t.test('the overview has every verb, every switch and every exit code', async (t) => {
  for (const word of [
    ...Object.keys(VERBS).map((verb) => `${verb} `),
    '-R ',
    '-t TAG ',
    '-D ',
    '0  done',
    '1  failed',
    '2  wrong',
    '/etc/default/zrep',
  ])
    t.match(helpFor(undefined), `  ${word}`.replace('  /', '/'), word);
});

t.test(
  'every variable that settings ask for, and every one that the file may set, is explained',
  async (t) => {
    const asked = new Set<string>();
    const variables = new Proxy({}, { get: (_target, name) => void asked.add(String(name)) });
    readSettings(variables, {}, { nodeName: 'a', root: true, zfs: '/sbin/zfs' });
    t.ok(asked.size > 20);
    const source = readFileSync('src/client/words/default-file.ts', 'utf8');
    const known = [
      ...(/KNOWN = new Set\(\[([\s\S]*?)\]\);/.exec(source)?.[1] ?? '').matchAll(/'([A-Z_]+)'/g),
    ].map(([, name = '']) => name);
    t.same([...asked].sort(), known.sort(), 'these are the same');
    for (const name of asked) t.match(helpFor('variables'), new RegExp(`(?<![A-Z_])${name}(?![A-Z_])`), name);
  },
);

t.test('on anything else there is none', async (t) => {
  for (const topic of ['refreh', 'constructor', ''])
    t.throws(() => helpFor(topic), { message: /^there is no help on ".*", but on: refresh, init,/ }, topic);
  try {
    helpFor('x');
  } catch (error) {
    t.ok(error instanceof UsageError);
  }
});
