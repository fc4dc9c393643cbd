/** What a gate's refusal to send a source means for the pair, by the properties that the source has. Pure. */

import { parseDataset, parseHostName, type Tag } from '../zfs/names.ts';
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
  const property = (name: string) => source.properties.get(`${tag}:${name}`);
  const former = property('src-host');
  if (former === undefined) {
    if (baseOf({ source, copy }) === undefined) return { obstacle: 'no-common-snapshot' };
    const settings = host && settingsOf(tag, source, copy, host);
    return settings === undefined ? said : { obstacle: 'source-unconfigured', settings };
  }
  const isMaster = localValue(source.properties, `${tag}:master`) === 'yes';
  // Moved, or restored with all its properties: a copy has no master's mark to bring.
  if (former.source === 'received' && former.value === host && !isMaster) {
    const settings = settingsOf(tag, source, copy, host);
    return settings === undefined ? said : { obstacle: 'source-received', settings };
  }
  if (!isMaster || host === undefined || former.value === '-' || former.value === host) return said;
  return { obstacle: 'source-renamed', former: former.value, settings: [`${tag}:src-host=${host}`] };
}

/** What makes `source` the source of this copy; undefined where the copy's own properties do not say. */
function settingsOf(tag: Tag, { dataset }: Side, copy: Side, host: string): readonly string[] | undefined {
  const own = (name: string) => anyValue(copy.properties, `${tag}:${name}`) ?? '';
  const [destFs, destHost] = [parseDataset(copy.dataset), parseHostName(own('dest-host'))];
  if (destFs === undefined || destHost === undefined) return undefined;
  const savecount = /^[1-9]\d{0,8}$/.test(own('savecount')) ? own('savecount') : '5';
  const values = {
    ...{ 'src-fs': dataset, 'src-host': host, 'dest-fs': destFs, 'dest-host': destHost },
    ...{ savecount, master: 'yes' },
  };
  return Object.entries(values).map(([name, value]) => `${tag}:${name}=${value}`);
}
