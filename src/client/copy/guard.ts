/**
 * What a stream must not change here is looked at before and after, and put back.
 *
 * `zfs receive -x` alone does not hold: the first stream with properties that a dataset ever receives takes all local
 * ones away (module/zfs/zfs_ioctl.c, `zfs_ioc_recv_impl`, "blow away all local properties regardless"), and what was
 * inherited is not excluded (libzfs_sendrecv.c, `zfs_setup_cmdline_props`: any source but "received" is passed over).
 * Both were seen with OpenZFS 2.3.2; 2.3.9 and 2.4.4 keep what was inherited. What is put back is set here, and holds
 * against the next stream. Pure.
 */

import { inheritArgv, setArgv } from '../../zfs/argv.ts';
import type { Capabilities } from '../../zfs/capabilities.ts';
import type { Properties } from '../../zfs/state.ts';
import { excludedProperties, type Receiving } from './receive.ts';

/** zfs inherit does not take these (zfs_prop.c). */
const NOT_INHERITABLE = ['canmount', 'reservation', 'refreservation', 'keylocation'];

/** zrep changes these itself, under its lock. */
const LOCK = /:(?:lock-pid|lock-time)$/;

/** The properties that are looked at; a zfs without encryption has no keylocation. */
export function guardedProperties(capabilities: Capabilities, receiving: Receiving): string[] {
  // The mountpoint first: what else a mount has can only be set when it fits.
  const names = [...excludedProperties(receiving), 'readonly'];
  return names.filter((name) => !LOCK.test(name) && (name !== 'keylocation' || capabilities.has('excludes')));
}

/**
 * What makes `after` as it was `before`, for those of `names` that have changed: name → argv. A dataset that was not there
 * before has nothing of its own.
 */
export function putBack(
  dataset: string,
  names: readonly string[],
  before: Properties | undefined,
  after: Properties | undefined,
): ReadonlyMap<string, readonly string[]> {
  if (before === undefined) {
    const brought = names.filter((name) => after?.get(name)?.source === 'received');
    return new Map(brought.map((name) => [name, inheritArgv(dataset, name)]));
  }
  const changed = names.filter((name) => hasChanged(before?.get(name), after?.get(name)));
  return new Map(
    changed.map((name) => {
      const { value = '-', source = '-' } = before?.get(name) ?? {};
      const own = source === 'local' || source === 'received' || NOT_INHERITABLE.includes(name);
      return [name, own && value !== '-' ? setArgv(dataset, { [name]: value }) : inheritArgv(dataset, name)];
    }),
  );
}

type Property = ReturnType<Properties['get']>;

/**
 * Another value, or the same one from elsewhere: of a mounted file system zfs tells what it is mounted with, as
 * `temporary`, in the place of what is set.
 */
function hasChanged(before: Property, after: Property): boolean {
  const [was, is] = [before?.source ?? '-', after?.source ?? '-'];
  if ((before?.value ?? '-') !== (after?.value ?? '-')) return true;
  return (was === 'local' && is !== 'local') || (was !== is && (is === 'received' || is === 'temporary'));
}
