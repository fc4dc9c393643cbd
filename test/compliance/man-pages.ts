/** The manuals that the build makes: man formats them without a warning, and all that --help names is in them. */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { manualPage } from '../../build/man.ts';
import { PROGRAMS, type Program } from '../../build/programs.ts';
import { VERBS } from '../../src/client/words/command-line.ts';
import { helpFor } from '../../src/client/words/help.ts';
import { describeExpire } from '../../src/expire/command.ts';
import { describeAdmin } from '../../src/gate/admin.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const folder = makeFolder(t);
for (const program of PROGRAMS) {
  const others = PROGRAMS.filter((one) => one !== program).map(({ name }) => name);
  writeFileSync(pathOf(program.name), manualPage(program, others, '1.2.3'));
}

/** What --help prints, by program and verb. */
const HELP: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  zrep: new Map(Object.keys(VERBS).map((verb) => [verb, helpFor(verb)])),
  'zrep-expire': new Map([['', describeExpire().helpInformation()]]),
  'zrep-gate': new Map(
    describeAdmin(() => undefined).commands.map((verb) => [verb.name(), verb.helpInformation()]),
  ),
};

const noMan = spawnSync('man', ['--version']).error !== undefined;
const skip = noMan && 'man is not installed here; lab/setup --best-effort installs man-db, which has it';

t.test('man formats every manual without a warning', { skip }, async (t) => {
  for (const { name } of PROGRAMS) {
    const argv = ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', pathOf(name)];
    const env = { ...process.env, MANWIDTH: '80' };
    const { status, stderr } = spawnSync('man', argv, { encoding: 'utf8', env });
    t.same([status, stderr], [0, ''], name);
  }
});

t.test('package.json has the manual of every program, and a phrase for apropos is in it', async (t) => {
  const { man, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.same(man.sort(), PROGRAMS.map(({ name }) => `dist/man/${name}.8`).sort());
  t.same(Object.keys(bin).sort(), PROGRAMS.map(({ name }) => name).sort());
  for (const { name } of PROGRAMS)
    t.match(source(name), new RegExp(`^\\.SH NAME\\n${name.replace('-', '.-')} \\\\- [a-z].*[a-z]$`, 'm'));
});

t.test('each verb, form and option of --help is in the manual', { skip }, async (t) => {
  for (const [name, topics] of Object.entries(HELP)) {
    const text = formatted(name);
    for (const [verb, help] of topics) {
      const [, section = ''] = text.split(new RegExp(`\\n {3}${verb}(?:, .*)?\\n`));
      const own = verb === '' ? text : (section.split(/\n {0,3}\S/)[0] ?? '');
      const [forms = ''] = help.split('\n\n');
      for (const form of forms.replace(/^Usage: /, '').split('\n'))
        if (form !== '') t.ok(own.includes(`       ${form}\n`), form);
      for (const [, option = ''] of help.matchAll(/^ {2}(-\S.*?)(?: {2,}.*)?$/gm))
        t.match(own, entryOf(option), `${name} ${verb} ${option}`);
    }
  }
});

t.test("and so are zrep's switches and variables", { skip }, async (t) => {
  const text = formatted('zrep');
  for (const option of ['-R', '-t TAG', '-D']) {
    t.match(helpFor(undefined), new RegExp(`^ {2}${option} `, 'm'));
    t.match(text, entryOf(option), option);
  }
  for (const [, variable = ''] of helpFor('variables').matchAll(/^ {2}(\S+) {2,}/gm))
    t.match(text, entryOf(variable), variable);
});

t.test('what is to be copied has ASCII in it: no hyphens, no curled quotes', async (t) => {
  // Debian's groff prints a dash where a page has a hyphen; others do not.
  for (const { name } of PROGRAMS) t.notMatch(source(name), /^(?!\.TH).*(?:(?<!\\)-|['`~^])/m, name);
});

t.test('text that roff would take for its own comes through', { skip }, async (t) => {
  const [zrep] = PROGRAMS as [Program];
  const odd = `.TH odd\n'br \\n ~ ^ \`x' -- "y"\n\n  .a  one\n  b   two\n      three\n\n  left as it is   # so`;
  writeFileSync(pathOf('odd'), manualPage({ ...zrep, text: odd }, [], '1'));
  const text = formatted('odd');
  t.match(text, `       .TH odd 'br \\n ~ ^ \`x' -- "y"\n\n       .a     one\n\n       b      two three\n`);
  t.match(text, '           left as it is   # so\n');
});

function pathOf(name: string): string {
  return `${folder}/${name}.8`;
}

function source(name: string): string {
  return readFileSync(pathOf(name), 'utf8');
}

/** As a reader sees it, on a wide terminal. */
function formatted(name: string): string {
  const env = {
    ...process.env,
    MANWIDTH: '200',
    LC_ALL: 'C.UTF-8',
    MANPAGER: 'cat',
    MAN_KEEP_FORMATTING: '',
  };
  return spawnSync('man', ['-E', 'UTF-8', '-l', pathOf(name)], { encoding: 'utf8', env }).stdout;
}

/** At the margin, as help has it but for the brackets around values; then the text, on this line or the next. */
function entryOf(option: string): RegExp {
  const term = option.replace(/[<>]/g, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^ {7}${term}(?:\\n {14}| +)\\S`, 'm');
}
