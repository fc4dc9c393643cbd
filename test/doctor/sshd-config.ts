/** Where a setting stands, in the file and in what it includes. */

import { mkdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { hasMatch, lineOf, readConfig } from '../../src/doctor/sshd-config.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

t.test('lines are found with their file and number, included ones where they are included', (t) => {
  const folder = makeFolder(t);
  mkdirSync(`${folder}/d`);
  writeFileSync(`${folder}/d/2.conf`, 'AcceptEnv TWO\n');
  writeFileSync(`${folder}/d/1.conf`, '# no\nAcceptEnv ONE "X Y"\r\n');
  writeFileSync(`${folder}/d/3.off`, 'AcceptEnv THREE\n');
  writeFileSync(
    `${folder}/config`,
    `Port 22\n  Include ${folder}/d/*.conf ${folder}/gone\nacceptenv=LANG LC_*\n#AcceptEnv NO\n`,
  );
  const lines = readConfig(`${folder}/config`);
  t.same(
    lines.map(({ place, keyword, value }) => `${place.slice(folder.length + 1)} ${keyword} ${value}`),
    [
      'config:1 port 22',
      'd/1.conf:2 acceptenv ONE "X Y"',
      'd/2.conf:1 acceptenv TWO',
      'config:3 acceptenv LANG LC_*',
    ],
  );
  const place = (value: string) => lineOf(lines, 'acceptenv', value)?.place.slice(folder.length + 1);
  t.same(['ONE', 'two', 'LC_*', 'NO'].map(place), ['d/1.conf:2', 'd/2.conf:1', 'config:3', 'd/1.conf:2']);
  t.equal(lineOf(lines, 'clientaliveinterval', '0'), undefined, "sshd's own default stands nowhere");
  t.notOk(hasMatch(lines));
  t.end();
});

t.test('settings for some are told apart, and a file that includes itself has an end', (t) => {
  const folder = makeFolder(t);
  writeFileSync(`${folder}/config`, `Include ${folder}/config\nMatch User zrep\n  X11Forwarding no\n`);
  const lines = readConfig(`${folder}/config`);
  t.ok(hasMatch(lines));
  t.ok(lines.length < 100);
  t.same(readConfig(`${folder}/gone`), []);
  t.end();
});

t.test('a keyword may stand in quotes; what an Include leads to and is not followed may be a Match', (t) => {
  const folder = makeFolder(t);
  mkdirSync(`${folder}/d`);
  writeFileSync(`${folder}/d/1.conf`, 'Match User zrep\n');
  const match = (text: string) => {
    writeFileSync(`${folder}/config`, `${text}\n`);
    return hasMatch(readConfig(`${folder}/config`));
  };
  t.ok(match('"Match" User zrep'));
  t.ok(match('MATCH=user zrep'));
  t.ok(match(`Include "${folder}/d/1.conf"`));
  t.ok(match(`Include ${folder}/d/[0-9].conf`));
  t.ok(match(`Include ${folder}/?/1.conf`));
  t.notOk(match(`Include ${folder}/d/2* # ${folder}/d/1.conf`));
  t.notOk(match('# Match User zrep\nPort 22'));
  t.end();
});
