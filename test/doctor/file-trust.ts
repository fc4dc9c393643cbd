/** Every place on the way to a file, links included, and who may write there or read it. */

import { chmodSync, chownSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { barrier, untrusted, wayTo } from '../../src/doctor/file-trust.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

const root = process.getuid?.() === 0 ? {} : { skip: 'owners can only be changed by root' };

/** A folder with a/b/file. Above it is /tmp, which others can write: of that nothing is said below. */
function tree(t: { teardown(handler: () => void): unknown }): string {
  const folder = makeFolder(t as never);
  mkdirSync(`${folder}/a/b`, { recursive: true });
  writeFileSync(`${folder}/a/b/file`, '');
  for (const place of [folder, `${folder}/a`, `${folder}/a/b`]) chmodSync(place, 0o755);
  return folder;
}

t.test('the way is every folder and then the file, through links to what they lead to', (t) => {
  const folder = tree(t);
  symlinkSync('b', `${folder}/a/link`);
  symlinkSync(`${folder}/a/link/../b/file`, `${folder}/far`);
  const own = (path: string) =>
    wayTo(path)
      .map((place) => place.path)
      .filter((place) => place.startsWith(`${folder}/`));
  t.same(
    own(`${folder}/a/b/file`),
    ['a', 'a/b', 'a/b/file'].map((name) => `${folder}/${name}`),
  );
  t.same(
    own(`${folder}/a/link/file`),
    ['a', 'a/b', 'a/b/file'].map((name) => `${folder}/${name}`),
  );
  t.equal(wayTo(`${folder}/far`).at(-1)?.path, `${folder}/a/b/file`);
  symlinkSync('a/b', `${folder}/deep`);
  t.equal(wayTo(`${folder}/deep/../b`).at(-1)?.path, `${folder}/a/b`, 'above a link is above where it leads');
  t.equal(wayTo(`${folder}/deep/..`).at(-1)?.path, `${folder}/a`);
  t.same(
    wayTo('/').map(({ path }) => path),
    ['/'],
  );
  t.end();
});

t.test('what is not there, and a circle of links, is an error', (t) => {
  const folder = tree(t);
  symlinkSync('circle', `${folder}/circle`);
  t.throws(() => wayTo(`${folder}/gone`), { code: 'ENOENT' });
  t.throws(() => wayTo(`${folder}/circle`), { code: 'ELOOP' });
  t.end();
});

t.test("each place that is not root's alone is told, with the command that mends it", root, (t) => {
  const folder = tree(t);
  const told = (path: string) =>
    untrusted(path).flatMap(({ where, remedy }) => (where.startsWith(folder) ? remedy.lines : []));
  t.same(told(`${folder}/a/b/file`), []);
  chmodSync(`${folder}/a/b/file`, 0o664);
  chmodSync(`${folder}/a`, 0o757);
  chownSync(`${folder}/a/b`, 1234, 0);
  t.same(told(`${folder}/a/b/file`), [
    `chmod go-w ${folder}/a`,
    `chown root ${folder}/a/b`,
    `chmod go-w ${folder}/a/b/file`,
  ]);
  symlinkSync(`${folder}/a/b/file`, `${folder}/link`);
  t.equal(told(`${folder}/link`).length, 3, 'also behind a link');
  t.match(untrusted(`${folder}/a/b/file`, 'account-not-roots')[0], { code: 'account-not-roots' });
  t.end();
});

t.test('a reader is stopped at the first place that is closed to it', root, (t) => {
  const folder = tree(t);
  const at = (uid: number, ...groups: number[]) =>
    barrier(wayTo(`${folder}/a/b/file`), { uid, groups })?.slice(folder.length);
  t.equal(at(1234), undefined);
  chmodSync(`${folder}/a/b/file`, 0o640);
  chownSync(`${folder}/a/b/file`, 0, 555);
  t.equal(at(1234, 77), '/a/b/file');
  t.equal(at(1234, 77, 555), undefined, 'by one of its groups');
  chmodSync(`${folder}/a`, 0o744);
  t.equal(at(1234, 555), '/a', 'a folder that it may not enter');
  chownSync(`${folder}/a`, 1234, 0);
  t.equal(at(1234, 555), undefined, 'it owns it');
  t.equal(at(0), undefined, 'root reads everything');
  t.ok(lstatSync(folder).isDirectory());
  t.end();
});
