/** Other Debians to test on: a whole one or none, and one line where there can be none. */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { PROJECT } from '../../lab/start-host.ts';

const BUILD = join(PROJECT, 'lab/debian/build');
const RUN = join(PROJECT, 'lab/debian/run');
const notRoot = process.getuid?.() === 0 ? false : 'it takes root to build one';

const folder = mkdtempSync('/var/tmp/zrep-gate-debian-');
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

/** Programs in front of this machine's: an apt that knows a mirror, and this debootstrap. */
function withDebootstrap(script: string) {
  const bin = mkdtempSync(join(folder, 'bin-'));
  const kept = mkdtempSync(join(folder, 'kept-'));
  const mirror = 'echo " 500 http://mirror.example/debian trixie/main amd64 Packages"';
  writeFileSync(join(bin, 'apt-cache'), `#!/bin/sh\n${mirror}\n`, { mode: 0o755 });
  writeFileSync(join(bin, 'debootstrap'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { kept, env: { ...process.env, PATH: `${bin}:${process.env['PATH']}`, ZREP_GATE_DEBIAN: kept } };
}

t.test(
  'what the mirror lacks, or cannot be trusted, is one line with what to do, and 3',
  { skip: notRoot },
  (t) => {
    for (const [said, line] of [
      [
        'E: Failed getting release file http://mirror.example/debian/dists/trixie/Release',
        /^debian: http:\/\/mirror\.example\/debian has no trixie, or does not answer: name a mirror .+$/m,
      ],
      [
        'E: Release signed by unknown key (key id 0123)',
        /^debian: debootstrap does not know .+: run apt-get install debian-archive-keyring$/m,
      ],
    ] as const) {
      const { env, kept } = withDebootstrap(`echo '${said}' >&2; exit 1`);
      const { status, stderr } = spawnSync(BUILD, ['13'], { encoding: 'utf8', env });
      t.equal(status, 3);
      t.match(stderr, line);
      t.equal(stderr.trimEnd().split('\n').length, 2, 'after that with which it begins');
      t.notOk(existsSync(join(kept, '13')));
    }
    t.end();
  },
);

t.test('another failure shows the end of the log, and is 1', { skip: notRoot }, (t) => {
  const { env } = withDebootstrap('echo "E: the disk is full"; exit 1');
  const { status, stderr } = spawnSync(BUILD, ['13'], { encoding: 'utf8', env });
  t.equal(status, 1);
  t.match(stderr, /^debian: failed at: debootstrap; the end of .*13\.log:\nE: the disk is full$/m);
  t.end();
});

t.test(
  'what was killed in the middle leaves no process, and nothing that is used',
  { skip: notRoot },
  async (t) => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const { env, kept } = withDebootstrap(
      `mkdir -p "$4/etc"; exec 3>${pipe}; echo begun >&3; exec sleep 1000`,
    );
    const child = spawn(BUILD, ['13'], { env, stdio: 'ignore' });
    const reading = createReadStream(pipe);
    await once(reading, 'data');
    child.kill('SIGKILL');
    await once(reading, 'end');
    const used = readdirSync(kept).filter((name) => !/\.(?:log|lock|new)$/.test(name));
    t.same(used, []);
    t.equal(spawnSync(BUILD, ['--is-built', '13'], { env }).status, 1);
    mkdirSync(join(kept, '13'));
    t.equal(spawnSync(BUILD, ['--is-built', '13'], { env }).status, 1, 'nor one without a mark');
  },
);

t.test('what cannot be understood is said, and is 64', (t) => {
  for (const [program, ...words] of [
    [BUILD],
    [BUILD, '11'],
    [BUILD, '--is-built'],
    [RUN],
    [RUN, '13'],
  ] as const) {
    const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' });
    t.equal(status, 64);
    t.match(stderr, 'lab/debian/');
  }
  t.end();
});
