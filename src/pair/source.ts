/** What a gate's refusal to send a source means for the pair, by the properties that the source has. Pure. */

import { isCalled, roleOf } from '../replication/role.ts';
import { type HostName, parseDataset, parseHostName, type Tag } from '../zfs/names.ts';
import { anyValue, localValue } from '../zfs/state.ts';
import { baseOf } from './common.ts';
import type { Obstacle } from './obstacle.ts';
import type { Side } from './side.ts';

/** Why the gate there would send nothing now. */
export interface Refused {
  readonly code: string;
  readonly reason: string;
  /** What it calls its own host. */
  readonly host: string;
}

interface Asked {
  readonly tag: Tag;
  readonly source: Side;
  readonly copy: Side;
}

/** The obstacle that `refused` is. */
export function judgeSource({ tag, source, copy }: Asked, refused: Refused): Obstacle {
  const { code, reason } = refused;
  const said = { obstacle: 'refused-there', code, reason } as const;
  if (code !== 'not-master' && code !== 'not-marked-master') return said;
  const host = parseHostName(refused.host);
  if (source.properties.get(`${tag}:src-host`) === undefined) {
    if (baseOf({ source, copy }) === undefined) return { obstacle: 'no-common-snapshot' };
    const settings = host && settingsOf(tag, source.dataset, copy, host);
    return settings === undefined ? said : { obstacle: 'source-unconfigured', settings };
  }
  return (host && judgeProperties(tag, source, host, copy)) ?? said;
}

/**
 * Why `source` is not the source on this host, which zrep calls `host`, as far as its own properties tell; undefined where they do
 * not. Where the copy is not seen, they say which it is.
 */
export function judgeProperties(
  tag: Tag,
  { dataset, properties }: Pick<Side, 'dataset' | 'properties'>,
  host: HostName,
  copy?: Pick<Side, 'dataset' | 'properties'>,
): Obstacle | undefined {
  const former = properties.get(`${tag}:src-host`);
  const isMaster = localValue(properties, `${tag}:master`) === 'yes';
  if (former === undefined || former.value === '-') return undefined;
  // Moved, or restored with all its properties: a copy has no master's mark to bring.
  if (former.source === 'received' && isCalled(former.value, host) && !isMaster) {
    const itself = { dataset: anyValue(properties, `${tag}:dest-fs`) ?? '', properties };
    const settings = settingsOf(tag, dataset, copy ?? itself, host);
    return settings && { obstacle: 'source-received', settings };
  }
  if (!isMaster || former.value === host) return undefined;
  const settings = [`${tag}:src-host=${host}`];
  return { obstacle: 'source-renamed', former: former.value, local: host, settings };
}

/**
 * The same of a file system on this host, which zrep calls `hostName`, where it is the source of a pair: before anybody is asked, and by
 * every program alike. Undefined for one that is sent, for a copy, and where its properties do not tell.
 */
export function judgeOwn(
  tag: Tag,
  side: Pick<Side, 'dataset' | 'properties'>,
  hostName: string,
  copy?: Pick<Side, 'dataset' | 'properties'>,
): Obstacle | undefined {
  if (roleOf(side.properties, side.dataset, tag, hostName) !== 'source') return undefined;
  const host = parseHostName(hostName);
  return host && judgeProperties(tag, side, host, copy);
}

/** What makes `source` the source of this copy; undefined where the copy's own properties do not say. */
function settingsOf(
  tag: Tag,
  source: string,
  copy: Pick<Side, 'dataset' | 'properties'>,
  host: HostName,
): readonly string[] | undefined {
  const own = (name: string) => anyValue(copy.properties, `${tag}:${name}`) ?? '';
  const [destFs, destHost] = [parseDataset(copy.dataset), parseHostName(own('dest-host'))];
  if (destFs === undefined || destHost === undefined) return undefined;
  const savecount = /^[1-9]\d{0,8}$/.test(own('savecount')) ? own('savecount') : '5';
  const values = {
    ...{ 'src-fs': source, 'src-host': host, 'dest-fs': destFs, 'dest-host': destHost },
    ...{ savecount, master: 'yes' },
  };
  return Object.entries(values).map(([name, value]) => `${tag}:${name}=${value}`);
}
