/** The completion scripts in a real bash, as bash calls them when somebody presses the tabulator. */

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { completionScript } from '../../build/completion.ts';
import { PROGRAMS, type Program } from '../../build/programs.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const folder = makeFolder(t);

/** What zfs tells of: names as people have them, and one that no zfs would take. */
const DATASETS = [
  'tank',
  'tank/home',
  'tank/my data',
  'tank/a:b',
  'tank/a:c',
  `tank/$(touch ${folder}/harm)`,
  'tank/*',
];
const SNAPSHOTS = ['tank/home@zrep_000001', 'tank/home@zrep_000002'];

mkdirSync(`${folder}/bin`);
writeFileSync(`${folder}/datasets`, `${DATASETS.join('\n')}\n`);
writeFileSync(`${folder}/snapshots`, `${SNAPSHOTS.join('\n')}\n`);
writeFileSync(
  `${folder}/bin/zfs`,
  `#!/bin/sh
case "$*" in
  'list -H -o name -t filesystem') cat ${folder}/datasets ;;
  'list -H -o name -t snapshot -d 1 tank/home') cat ${folder}/snapshots ;;
  *) echo "not asked for: $*" >>${folder}/strange; exit 1 ;;
esac
`,
);
chmodSync(`${folder}/bin/zfs`, 0o755);
for (const program of PROGRAMS) writeFileSync(`${folder}/${program.name}`, completionScript(program));

/**
 * What bash would offer behind `line`. The words are those that bash itself makes of it: the last is what stands behind
 * the last blank or colon.
 */
function offered(line: string, words: readonly string[]): string[] {
  const [program = ''] = words;
  const script = `
    . "$1" || exit
    COMP_LINE=$2 COMP_POINT=\${#2} COMP_WORDS=("\${@:3}") COMP_CWORD=$(($# - 3))
    "$(complete -p "$3" | sed 's/.* -F \\([^ ]*\\) .*/\\1/')" "$3" "\${@: -1}" "\${@: -2:1}"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const argv = ['--norc', '--noprofile', '-c', script, 'bash', `${folder}/${program}`, line, ...words];
  const env = { PATH: `${folder}/bin:${process.env['PATH']}` };
  const { stdout, stderr } = spawnSync('bash', argv, { cwd: folder, env, encoding: 'utf8' });
  return [...stdout.split('\n').filter((word) => word !== ''), ...(stderr === '' ? [] : [`said: ${stderr}`])];
}

/** A line whose blanks are all that parts its words. */
const behind = (line: string) => offered(line, line.split(' '));

t.test('bash reads every script without a word', async (t) => {
  for (const { name } of PROGRAMS) {
    const { status, stdout, stderr } = spawnSync('bash', ['-n', `${folder}/${name}`], { encoding: 'utf8' });
    t.same([status, stdout, stderr], [0, '', ''], name);
  }
});

t.test('every verb is offered, and behind it every option of its own', async (t) => {
  for (const program of PROGRAMS) {
    const { name, options, verbs } = program;
    t.same(behind(`${name} -`).sort(), allNames(options), `${name}, in front of the verb`);
    if (verbs.length > 0)
      t.same(
        behind(`${name} `),
        verbs.map((verb) => verb.name),
        name,
      );
    for (const verb of verbs)
      t.same(behind(`${name} ${verb.name} -`).sort(), allNames(verb.options), `${name} ${verb.name}`);
  }
});

t.test('a verb is found behind switches, and by its other names', async (t) => {
  t.same(behind('zrep -R -t off ref'), ['refresh']);
  t.same(behind('zrep -R -t off refresh --j'), ['--json']);
  t.same(behind('zrep -i --p'), ['--pull']);
  t.same(behind('zrep -t '), [], 'what stands behind -t is for the person to know');
  t.same(behind('zrep frobnicate '), []);
  t.same(behind('zrep help ini'), ['init']);
});

t.test('file systems of this host are offered, in a form that the shell reads as one word', async (t) => {
  const all = behind('zrep refresh ');
  t.same(all.at(-1), 'all');
  const read = spawnSync('bash', ['-c', `printf '%s\\n' ${all.slice(0, -1).join(' ')}`], {
    cwd: '/',
    encoding: 'utf8',
  });
  t.same(read.stdout.trim().split('\n'), DATASETS);
  t.same(behind('zrep refresh tank/h'), ['tank/home']);
  t.same(offered('zrep refresh tank/my\\ d', ['zrep', 'refresh', 'tank/my\\ d']), ['tank/my\\ data']);
  t.same(offered('zrep refresh "tank/my d', ['zrep', 'refresh', '"tank/my d']), ['tank/my data']);
  t.same(behind('zrep init --pull root@fileserver'), []);
  t.notOk(existsSync(`${folder}/harm`), 'and nothing in a name is run');
});

t.test('where bash takes a name apart at a colon, its last part is offered', async (t) => {
  t.same(offered('zrep refresh tank/a:', ['zrep', 'refresh', 'tank/a', ':']), ['b', 'c']);
  t.same(offered('zrep refresh tank/a:c', ['zrep', 'refresh', 'tank/a', ':', 'c']), ['c']);
  t.same(offered('zrep -t a:b ref', ['zrep', '-t', 'a', ':', 'b', 'ref']), ['refresh']);
});

t.test('snapshots are offered behind an @, where a verb takes them', async (t) => {
  t.same(behind('zrep sync tank/home@'), SNAPSHOTS);
  t.same(behind('zrep refresh tank/home@'), []);
});

t.test('files are offered where a file is wanted', async (t) => {
  t.same(behind('zrep-gate check --policy datas'), ['datasets']);
  t.same(behind('zrep-gate authorize backup1 snap'), ['snapshots']);
});

t.test('zfs is asked for nothing else', async (t) => {
  t.notOk(existsSync(`${folder}/strange`));
});

function allNames(options: Program['options']): string[] {
  return options.flatMap(({ names }) => names).sort();
}
