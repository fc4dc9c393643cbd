/** What the installed zfs is believed to be able to do, from the folders that OpenZFS's module fills. */

import { mkdirSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { type Capability, installedCapabilities } from '../../src/zfs/capabilities.ts';

const ALL: readonly Capability[] = ['batches', 'estimates', 'excludes', 'resume', 'encryption', 'written'];
const PROJECT_QUOTA = 'features.pool/org.zfsonlinux:project_quota';
const RESUME_TOKEN = 'properties.dataset/receive_resume_token';
const WRITTEN = 'properties.dataset/written';
const KEY_STATUS = 'properties.dataset/keystatus';

/** The capabilities that are told from a module's folder with these folders in it. */
function toldFrom(t: Test, ...folders: string[]): Capability[] {
  const module = t.testdir();
  for (const folder of folders) mkdirSync(`${module}/${folder}`, { recursive: true });
  const capabilities = installedCapabilities([module]);
  return ALL.filter((name) => capabilities.has(name));
}

t.test('where there is no such module, as with zfs-fuse, zfs can do the least', async (t) => {
  const capabilities = installedCapabilities([`${t.testdir()}/zfs`, '/nowhere/zfs']);
  for (const name of ALL) t.equal(capabilities.has(name), false, name);
});

t.test('each capability is told by one name', async (t) => {
  t.same(toldFrom(t, PROJECT_QUOTA), ['batches', 'excludes']);
  t.same(toldFrom(t, RESUME_TOKEN), ['estimates', 'resume']);
  t.same(toldFrom(t, WRITTEN), ['written']);
  t.same(toldFrom(t, KEY_STATUS), ['encryption']);
  t.same(toldFrom(t, PROJECT_QUOTA, RESUME_TOKEN, KEY_STATUS, WRITTEN), ALL);
});

t.test('a module that lists nothing, or only what is older or newer, is not believed in', async (t) => {
  const others = ['parameters', 'holders', 'features.kernel/org.openzfs:l2arc_persistent'];
  t.same(toldFrom(t, ...others, 'features.pool/com.delphix:async_destroy', 'properties.dataset/name'), []);
});

t.test('a version is not looked at', async (t) => {
  const module = t.testdir();
  writeFileSync(`${module}/version`, '2.3.4-1\n');
  for (const name of ALL) t.equal(installedCapabilities([module]).has(name), false, name);
});

t.test('the second folder, of a ZFS that is built into the kernel, counts as well', async (t) => {
  const builtIn = t.testdir();
  mkdirSync(`${builtIn}/${PROJECT_QUOTA}`, { recursive: true });
  t.equal(installedCapabilities(['/nowhere/zfs', builtIn]).has('batches'), true);
});

t.test('nothing is looked up before somebody asks', async (t) => {
  const module = t.testdir();
  const capabilities = installedCapabilities([module]);
  mkdirSync(`${module}/${PROJECT_QUOTA}`, { recursive: true });
  t.equal(capabilities.has('batches'), true);
});
