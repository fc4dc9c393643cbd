/** The samples for systemd and cron: systemd finds nothing to complain about, and zrep understands what they call. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { readCommandLine } from '../../src/client/words/command-line.ts';
import { readCommand } from '../../src/expire/command.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const UNITS = readdirSync('systemd').sort();
const PROGRAMS = '/usr/local/bin';
const read = (unit: string) => readFileSync(`systemd/${unit}`, 'utf8');

/** `key=value` of a unit, without comments. */
function settingsOf(unit: string): [key: string, value: string][] {
  const lines = read(unit).split('\n');
  return lines.flatMap((line): [string, string][] => {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value]];
  });
}

const lacking =
  spawnSync('systemd-analyze', ['--version']).error &&
  'systemd-analyze is not installed here; lab/setup --best-effort installs the package systemd that has it';

t.test('systemd-analyze verify is content with every unit', { skip: lacking ?? false }, async (t) => {
  const folder = makeFolder(t);
  mkdirSync(`${folder}/bin`);
  for (const program of ['zrep', 'zrep-expire']) symlinkSync('/bin/true', `${folder}/bin/${program}`);
  for (const unit of UNITS)
    writeFileSync(`${folder}/${unit}`, read(unit).replaceAll(PROGRAMS, `${folder}/bin`));
  for (const unit of UNITS) {
    const argv = ['verify', '--man=no', '--recursive-errors=no', `${folder}/${unit}`];
    const { status, stdout, stderr } = spawnSync('systemd-analyze', argv, { encoding: 'utf8' });
    t.same({ status, said: stdout + stderr }, { status: 0, said: '' }, unit);
  }
});

t.test('the instance of a dataset is called as the comment has it', { skip: lacking ?? false }, async (t) => {
  const named = (...argv: string[]) => spawnSync('systemd-escape', argv, { encoding: 'utf8' }).stdout.trim();
  const name = named('--template=zrep-refresh@.timer', 'vault/my-home');
  t.ok(read('zrep-refresh@.service').includes(`# ...${name.replace('zrep-refresh', '')}\n`), name);
  t.equal(named('--unescape', '--template=zrep-refresh@.timer', name), 'vault/my-home');
});

t.test('every timer has its service, and nothing is to be started but by a timer', async (t) => {
  for (const unit of UNITS.filter((name) => name.endsWith('.timer')))
    t.ok(UNITS.includes(unit.replace('.timer', '.service')), unit);
  for (const unit of UNITS)
    t.equal(
      settingsOf(unit).some(([key]) => key === 'WantedBy'),
      unit.endsWith('.timer'),
      unit,
    );
});

t.test('no unit has what zfs cannot mount under, or Node cannot run under', async (t) => {
  const harmful =
    /^(?:Private\w+|Protect\w+|Read\w+Paths|InaccessiblePaths|BindPaths|TemporaryFileSystem|RootDirectory|DynamicUser|DevicePolicy|RuntimeDirectory|MemoryDenyWriteExecute)$/;
  for (const unit of UNITS)
    t.same(
      settingsOf(unit).filter(([key]) => harmful.test(key)),
      [],
      unit,
    );
});

/** Each command line that a unit or a line of cron's has, in words. */
function commands(): { place: string; words: string[] }[] {
  const started = UNITS.flatMap((unit) =>
    settingsOf(unit)
      .filter(([key]) => key === 'ExecStart')
      .map(([, value]) => ({ place: unit, line: value.replaceAll('%I', 'vault/my-home') })),
  );
  const cron = readFileSync('cron.d/zrep', 'utf8').split('\n');
  // Those that are to be let in, too.
  const lines = cron.filter((line) => /^#?\d/.test(line));
  const timed = lines.map((line) => ({
    place: line,
    line: /^#?(?:[\d*,/-]+\s+){5}root\s+(\/[^%]*?)(?: >\/dev\/null)?$/.exec(line)?.[1] ?? '',
  }));
  return [...started, ...timed].map(({ place, line }) => ({ place, words: line.split(' ') }));
}

/** By program: throws where it would complain. */
const READERS: Readonly<Record<string, (words: readonly string[]) => unknown>> = {
  [`${PROGRAMS}/zrep`]: readCommandLine,
  [`${PROGRAMS}/zrep-expire`]: (words) => readCommand(words, ''),
};

t.test('what units and cron call is understood by the program that they call', async (t) => {
  const called = commands();
  for (const { place, words } of called) {
    const [program = '', ...rest] = words;
    const read = READERS[program];
    t.ok(read, `${place} calls ${program}`);
    t.doesNotThrow(() => read?.(rest), `${place}: ${words.join(' ')}`);
  }
  t.same([...new Set(called.map(({ words: [program] }) => program))].sort(), Object.keys(READERS).sort());
});
