/** What `npm run test:debian` is asked for. */

import t from 'tap';
import { askedFor } from '../../lab/debian/tests.ts';

t.test(
  'each runs the Debian package; 13 and forky what depends on sshd, sudo, rsyslog and Node; forky some with sudo-rs as well',
  (t) => {
    const here = (release: string, sudoRs: boolean) =>
      askedFor([release])
        .filter((test) => test.release === release && test.sudoRs === sudoRs)
        .map(({ file }) => file);
    for (const release of ['12', '13', 'forky']) {
      const files = here(release, false);
      t.ok(files.includes('test/package/debian.sh'), release);
      const dependent = [
        'test/doctor/judge-sshd.ts',
        'test/system/doctor-keys.ts',
        'test/system/doctor-sudo.ts',
      ];
      for (const file of dependent) t.equal(files.includes(file), release !== '12', `${file} on ${release}`);
      t.equal(new Set(files).size, files.length, 'each once');
      t.equal(here(release, true).includes('test/system/doctor-sudo.ts'), release === 'forky');
    }
    t.equal(askedFor(['13', 'forky']).length, askedFor(['13']).length + askedFor(['forky']).length);
    t.end();
  },
);

t.test('12 has the oldest Node, and no other Node of its own: each program runs there', (t) => {
  const files = askedFor(['12']).map(({ file }) => file);
  for (const file of ['client-refresh', 'zrep-expire', 'client-doctor'])
    t.ok(files.includes(`test/system/${file}.ts`), file);
  t.ok(files.includes('test/package/standalone.sh'));
  t.end();
});

t.test('only what has to do with sudo, where sudo-rs is asked for', (t) => {
  const files = askedFor(['--sudo-rs', '13']);
  t.ok(files.every(({ release, sudoRs }) => release === '13' && sudoRs));
  t.ok(files.some(({ file }) => file === 'test/system/doctor-sudo.ts'));
  t.end();
});

t.test('files and folders, in place of the list', (t) => {
  t.same(askedFor(['12', 'test/zfs/argv.ts', '13']), [
    { file: 'test/zfs/argv.ts', release: '12', sudoRs: false },
    { file: 'test/zfs/argv.ts', release: '13', sudoRs: false },
  ]);
  t.ok(askedFor(['forky', 'test/zfs']).length > 5);
  t.same(askedFor(['forky', '--sudo-rs', 'test/zfs/argv.ts']), [
    { file: 'test/zfs/argv.ts', release: 'forky', sudoRs: true },
  ]);
  t.end();
});

t.test('what cannot be understood is said', (t) => {
  t.throws(() => askedFor([]), /say on which Debian: 12, 13, forky/);
  t.throws(() => askedFor(['test/doctor']), /say on which Debian/);
  t.throws(() => askedFor(['11']), /say on which Debian/);
  t.throws(() => askedFor(['13', 'test/none.ts']), /none\.ts/);
  t.throws(() => askedFor(['13', '--jobs', '2']), /--jobs/);
  t.end();
});
