/** What is in debian/: the policy that the package installs, its licences, its version. lab/debian installs it. */

import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { checkPolicy } from '../../src/gate/check.ts';
import { buildBeside } from '../fixtures/gate/build.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const read = (name: string) => readFileSync(`debian/${name}`, 'utf8');

t.test('the policy is valid and grants nothing', async (t) => {
  const { errors, policy } = await checkPolicy('debian/policy.toml', 0);
  t.same(errors, []);
  t.equal(policy?.clients.size, 0);
  t.equal(policy?.audit.syslog.kind, 'local');
});

t.test('its example is valid, and grants what it says, once the # in front of it is removed', async (t) => {
  const lines = read('policy.toml').split('\n');
  const draft = `${makeFolder(t)}/policy.toml`;
  writeFileSync(draft, lines.map((line) => line.replace(/^# (?=\[|[a-z]+ = )/, '')).join('\n'));
  const { errors, policy } = await checkPolicy(draft, 0);
  t.same(errors, []);
  t.equal(policy?.audit.syslog.kind, 'local');
  t.match(policy?.clients.get('backup1')?.grants, [{ dataset: 'tank/home', subtree: false }]);
});

t.test('the package has the version of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.match(read('changelog'), `zrep-gate (${version}) `);
});

t.test('its copyright file names every package that is in a bundle, and has its licence', async (t) => {
  const licences = readFileSync(`${buildBeside(t)}/THIRD-PARTY-LICENSES`, 'utf8');
  const stanzas = read('copyright').split('\n\n');
  for (const part of licences.split(`\n${'-'.repeat(72)}\n\n`)) {
    const [, name = '', holder = ''] =
      /^(\S+)[\s\S]*?copyright (?:\(c\) )?(.*?)(?:, all rights reserved\.)?\n/i.exec(part) ?? [];
    const stanza = stanzas.find((one) => one.includes(`node_modules/${name}/*`)) ?? '';
    t.match(stanza, `Copyright: ${holder}\n`, name);
    const licence = /^License: (.*)$/m.exec(stanza)?.[1];
    const isOf = /ISC License/.test(part)
      ? 'ISC'
      : /Redistribution and use/.test(part)
        ? 'BSD-3-clause'
        : 'Expat';
    t.equal(licence, isOf, name);
    t.ok(
      stanzas.some((one) => one.startsWith(`License: ${licence}\n `)),
      `the text of ${licence}`,
    );
  }
});
