/** The words of zfs receive: what keeps a stream from hurting this host. */

import t from 'tap';
import { excludedProperties, receiveArgv } from '../../../src/client/copy/receive.ts';
import type { Capability } from '../../../src/zfs/capabilities.ts';
import { parseTag, type Tag } from '../../../src/zfs/names.ts';

const tag = parseTag('zrep') as Tag;
const PLAIN = { tag, volume: false, raw: false };
const can = (...capabilities: Capability[]) => new Set(capabilities);

t.test('an old zfs receives as it always did', async (t) => {
  t.same(receiveArgv(can(), 'vault/home', PLAIN, { force: false, properties: true }), [
    'receive',
    'vault/home',
  ]);
});

t.test('a stream can be gone on with where zfs can, and stays unmounted', async (t) => {
  const argv = receiveArgv(can('excludes', 'resume'), 'vault/home', PLAIN, {
    force: false,
    properties: true,
  });
  t.same(argv.slice(0, 3), ['receive', '-u', '-s']);
  t.equal(argv.at(-1), 'vault/home');
  const options = { force: false, properties: true, resumable: false };
  t.notOk(receiveArgv(can('resume'), 'vault/home', PLAIN, options).includes('-s'), 'of a tree it cannot');
});

t.test('-F only where a person has said so', async (t) => {
  for (const capabilities of [can(), can('excludes', 'resume')]) {
    t.notOk(
      receiveArgv(capabilities, 'vault/home', PLAIN, { force: false, properties: true }).includes('-F'),
    );
    t.ok(receiveArgv(capabilities, 'vault/home', PLAIN, { force: true, properties: true }).includes('-F'));
  }
});

t.test('no stream brings what mounts, shares, fills the pool, loads keys, or steers zrep', async (t) => {
  const excluded = excludedProperties(PLAIN);
  for (const name of [
    'mountpoint',
    'canmount',
    'sharenfs',
    'sharesmb',
    'setuid',
    'exec',
    'devices',
    'keylocation',
  ])
    t.ok(excluded.includes(name), name);
  for (const name of ['zrep:master', 'zrep:src-host', 'zrep:src-fs', 'zrep:lock-pid', 'zrep-gate:streamed'])
    t.ok(excluded.includes(name), name);
  const argv = receiveArgv(can('excludes'), 'vault/home', PLAIN, { force: false, properties: true });
  for (const name of excluded) t.equal(argv[argv.indexOf(name) - 1], '-x', name);
});

t.test('of a stream that carries no properties none is excluded: each costs a wait', async (t) => {
  const argv = receiveArgv(can('excludes', 'resume'), 'vault/home', PLAIN, {
    force: false,
    properties: false,
  });
  t.same(argv, ['receive', '-u', '-s', 'vault/home']);
});

t.test('of a volume nothing is said that only file systems have', async (t) => {
  const excluded = excludedProperties({ ...PLAIN, volume: true });
  t.notOk(excluded.includes('mountpoint'));
  t.ok(excluded.includes('refreservation'));
});

t.test("of a raw stream's key nothing is said", async (t) => {
  t.notOk(excludedProperties({ ...PLAIN, raw: true }).includes('keylocation'));
});

t.test('what is set is not excluded as well', async (t) => {
  const argv = receiveArgv(can('excludes'), 'vault/home', PLAIN, {
    force: false,
    properties: true,
    set: { 'zrep:src-fs': 'tank/home', readonly: 'on' },
  });
  t.equal(argv.filter((word) => word.startsWith('zrep:src-fs')).join(), 'zrep:src-fs=tank/home');
  t.equal(argv[argv.indexOf('readonly=on') - 1], '-o');
});
