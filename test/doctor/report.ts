/** A diagnosis on a terminal of 80 to 120 columns, and as JSON. */

import t from 'tap';
import { finding, verdictOn } from '../../src/doctor/findings.ts';
import { diagnosisAsJson, formatDiagnosis } from '../../src/doctor/report.ts';

const note = finding(
  'client-without-key',
  'p.toml: client.b',
  'no key is for "b"',
  'Run:',
  'zrep-gate authorize b',
);
const error = finding(
  'key-unrestricted',
  '/root/.ssh/authorized_keys:1',
  'lacks "restrict"',
  'Write:',
  'restrict,'.repeat(20),
);
const unseen = finding('not-looked', '/etc/shadow', 'cannot be looked at', 'Run the doctor as root.');

const diagnose = (...findings: (typeof note)[]) => ({
  host: 'fileserver',
  verdict: verdictOn(findings),
  looked: ['sshd and the keys of root', '1 line for the gate', '/etc/zrep-gate/policy.toml'],
  findings,
});

t.test('what is clean is one sentence, with what was looked at; notes stand above it', (t) => {
  t.equal(
    formatDiagnosis(diagnose(), 200),
    'fileserver: nothing wrong. Looked at: sshd and the keys of root; 1 line for the gate; /etc/zrep-gate/policy.toml.',
  );
  t.match(
    formatDiagnosis(diagnose(note), 200),
    /^notes:\n\nclient-without-key: [\s\S]*\n\nfileserver: nothing wrong \(1 note\)\. /,
  );
  t.end();
});

t.test('the worst comes first, each with its code, place, problem, reason and remedy', (t) => {
  t.equal(
    formatDiagnosis(diagnose(note, unseen, error, error), 80)
      .split('\n\n')
      .map((part) => part.split('\n')[0])
      .join('\n'),
    [
      'errors:',
      'key-unrestricted: /root/.ssh/authorized_keys:1',
      'key-unrestricted: /root/.ssh/authorized_keys:1',
      'not looked at:',
      'not-looked: /etc/shadow',
      'notes:',
      'client-without-key: p.toml: client.b',
      'fileserver: 2 errors, 1 not looked at, 1 note.',
    ].join('\n'),
  );
  t.match(
    formatDiagnosis(diagnose(error), 80),
    'authorized_keys:1\n  lacks "restrict". With this key sshd gives more than the one command: a way\n  around the gate.\n  Write:\n      restrict,restrict,',
  );
  t.end();
});

t.test('lines fit the terminal, but for those to copy', (t) => {
  for (let width = 80; width <= 120; width += 1) {
    const lines = formatDiagnosis(diagnose(note, unseen, error), width).split('\n');
    for (const line of lines) t.ok(line.length <= width || line.startsWith('      restrict'), line);
  }
  t.end();
});

t.test('as JSON it is one line, with the exit code', (t) => {
  const text = diagnosisAsJson(diagnose(error, note));
  t.notMatch(text, '\n');
  t.match(JSON.parse(text), {
    host: 'fileserver',
    verdict: 'error',
    exit: 2,
    findings: [
      { severity: 'error', code: 'key-unrestricted', remedy: { what: 'Write:' } },
      { severity: 'note' },
    ],
  });
  t.end();
});
