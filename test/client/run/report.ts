/** What a person and a program are told. */

import { spawnSync } from 'node:child_process';
import t from 'tap';

/** What `statements` on a report write. */
function told(json: boolean, statements: string, terminal = false): { stdout: string; stderr: string } {
  const module = new URL('../../../src/client/run/report.ts', import.meta.url).href;
  const script = `import { createReport, holdReport } from '${module}'; const report = createReport(${json}, ${terminal}); ${statements}`;
  const argv = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  return { stdout, stderr };
}

t.test('what is escaped already is not escaped again, and nothing else passes', async (t) => {
  const { stderr } = told(false, String.raw`report.warn('a\\x1b \x1b[2J\n');`);
  t.equal(stderr, `${String.raw`a\x1b \x1b[2J\n`}\n`);
});

t.test('with --json standard output has objects alone, one a line', async (t) => {
  const { stdout } = told(true, `report.line('text'); report.event('refreshed', { dataset: 'vault/home' });`);
  const { time, ...rest } = JSON.parse(stdout);
  t.same(rest, { event: 'refreshed', dataset: 'vault/home' });
  t.type(time, 'number');
});

t.test('without it there are no events', async (t) => {
  t.same(told(false, `report.line('text'); report.event('refreshed', {});`), {
    stdout: 'text\n',
    stderr: '',
  });
});

t.test('news is for a person at a terminal alone', async (t) => {
  const script = `report.news('vault/home: 12.3 MiB in 4.1 s');`;
  t.same(told(false, script, true), { stdout: '', stderr: 'vault/home: 12.3 MiB in 4.1 s\n' });
  t.same(told(false, script), { stdout: '', stderr: '' }, 'under cron');
  t.same(told(true, script, true), { stdout: '', stderr: '' }, 'with --json');
});

t.test('what is held back comes in one piece, in its order, and events come at once', async (t) => {
  const { stdout, stderr } = told(
    false,
    `const held = holdReport(report); held.report.line('one'); held.report.warn('two'); held.report.far('host', ['three']);
    report.line('zero'); report.warn('before'); held.letGo(); held.letGo();`,
  );
  t.equal(stdout, 'zero\none\n');
  t.equal(stderr, 'before\ntwo\nhost: three\n');
  const events = told(
    true,
    `const held = holdReport(report); held.report.event('refreshed', { dataset: 'a' });`,
  );
  t.match(JSON.parse(events.stdout), { event: 'refreshed', dataset: 'a' });
});
