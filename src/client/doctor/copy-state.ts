/** A copy by itself: that nobody changes it, where it is mounted, and what a stream that was cut off has left. Pure. */

import { bytesOf } from '../../pair/side.ts';
import { printable, quote } from '../../printable.ts';
import { isRefusal } from '../../refusal.ts';
import { setArgv } from '../../zfs/argv.ts';
import { formatZrepSnapshot } from '../../zfs/names.ts';
import { parseResumeToken, type ResumeToken } from '../../zfs/resume-token.ts';
import { anyValue } from '../../zfs/state.ts';
import { abandonArgv } from '../copy/receive.ts';
import { byHand, type Finding, finding, forcibly, safely } from './finding.ts';
import { obstaclesOf, rollBack } from './obstacles.ts';
import { bothSides, type Diagnose, type Scene, zrepOf } from './scene.ts';

/** What a host has there of its own (hier(7)); below /home, /opt, /srv and /var somebody can have meant it. */
const SYSTEM =
  /^\/(?:$|(?:home|opt|srv|var)$|(?:bin|boot|dev|etc|lib\d*|proc|root|run|sbin|sys|tmp|usr)(?:\/|$))/;

/** What holds whether or not a zrep is at work. */
export const diagnoseSettings: Diagnose = (scene) =>
  scene.role === 'copy' ? [...isReadonly(scene), ...isMountedWell(scene)] : [];

export const diagnoseContent: Diagnose = (scene) =>
  scene.role === 'copy' ? [...isUnchanged(scene), ...wasCutOff(scene)] : [];

function isReadonly({ dataset, here, believesReadonly }: Scene): Finding[] {
  const { value, source } = here.properties.get('readonly') ?? {};
  if (value !== 'off' || (source === 'temporary' && !believesReadonly)) return [];
  return [
    finding(
      'copy-writable',
      dataset,
      'it is not readonly',
      forcibly(
        'If nobody is to write to it:',
        [`that anybody can write to ${dataset}`],
        setArgv(dataset, { readonly: 'on' }),
      ),
    ),
  ];
}

function isMountedWell({ dataset, here, sharingMountpoint }: Scene): Finding[] {
  const mountpoint = anyValue(here.properties, 'mountpoint');
  const source = here.properties.get('mountpoint')?.source ?? '-';
  const mounted = anyValue(here.properties, 'mounted') === 'yes';
  const mounts = mounted || anyValue(here.properties, 'canmount') === 'on';
  if (mountpoint === undefined || !mountpoint.startsWith('/') || !mounts) return [];
  const brought = source === 'received';
  const over = SYSTEM.test(mountpoint) && !source.startsWith('inherited');
  if (!brought && !over && sharingMountpoint.length === 0) return [];
  const reason = [
    ...(brought ? ['a stream said so'] : []),
    ...(over ? ['this host has its own files there'] : []),
    ...(sharingMountpoint.length > 0
      ? [`so is ${sharingMountpoint.slice(0, 3).map(printable).join(', ')}`]
      : []),
  ];
  return [
    finding(
      'copy-mountpoint',
      dataset,
      `it ${mounted ? 'is' : 'would be'} mounted at ${quote(mountpoint)}: ${reason.join('; ')}`,
      forcibly(
        'Not by itself any more, and not now; a copy need not be mounted:',
        [`that ${dataset} is mounted at ${mountpoint}`],
        setArgv(dataset, { canmount: 'noauto' }),
        ...(mounted ? [['unmount', dataset]] : []),
      ),
    ),
  ];
}

/** Where the other side was not seen, that it was written to since its newest snapshot is all that can be told. */
function isUnchanged(scene: Scene): Finding[] {
  const { dataset, tag, here } = scene;
  const newest = here.snapshots.at(-1);
  if (newest === undefined || bothSides(scene) !== undefined) return [];
  const written = bytesOf(anyValue(here.properties, 'written'));
  const [now, then] = [anyValue(here.properties, 'referenced'), newest.referenced];
  if (written === undefined ? now === then || then === undefined : written === 0) return [];
  const mend = { mend: 'to give those changes up', lines: [`${zrepOf(scene)} refresh -f ${dataset}`] };
  return [
    finding(
      'copy-modified',
      dataset,
      `it was changed here since its newest snapshot, @${printable(newest.name)}`,
      rollBack(tag, { copy: { ...here, on: undefined } }, newest, { ...mend, on: undefined }),
    ),
  ];
}

function wasCutOff(scene: Scene): Finding[] {
  const own = anyValue(scene.here.properties, 'receive_resume_token');
  const tokens = [...(own === undefined ? [] : [[scene.dataset, own] as const]), ...scene.tokensBelow];
  return tokens.flatMap(([where, text]) => {
    const token = parseResumeToken(text);
    const dead = isRefusal(token) ? token.reason : deadness(scene, where, token);
    if (dead !== undefined)
      return finding(
        'partial-receive-dead',
        where,
        `an interrupted stream cannot be resumed: ${dead}`,
        safely('Discard what it left. The next refresh does so by itself:', abandonArgv(where)),
      );
    // Without any snapshot: what is in the way says how that goes on.
    if (isFirst(token as ResumeToken) && isInTheWay(scene)) return [];
    return finding(
      'partial-receive',
      where,
      `a stream was cut off${isRefusal(token) ? '' : ` in ${formatZrepSnapshot(token.snapshot)}, after ${token.bytes} bytes`}`,
      byHand('What has come is kept; go on with it:', [goingOn(scene, token as ResumeToken)]),
    );
  });
}

/** Why nothing can come of a token any more; undefined where something can, or that was not seen. */
function deadness(scene: Scene, where: string, token: ResumeToken): string | undefined {
  const { snapshot, toguid, fromguid } = token;
  const { peer, dataset, tag, here } = scene;
  if (where !== dataset) return 'it is of a recursive stream, of which only the top can be resumed';
  const newest = here.snapshots.at(-1);
  // zfs receive resumes only on the newest snapshot, whoever made it.
  if (fromguid !== undefined && newest !== undefined && newest.guid !== String(fromguid))
    return `${printable(newest.name)} was made on this host since. A tool that makes snapshots here does this; exclude the copy from it (zfs-auto-snapshot: zfs set com.sun:auto-snapshot=false ${dataset}; sanoid: autosnap = no)`;
  if (peer === undefined) return undefined;
  if (snapshot.tag !== tag || snapshot.dataset !== peer.dataset)
    return 'it is not of a snapshot of this pair';
  const both = bothSides(scene);
  if (both === undefined) return undefined;
  const found = both.source.snapshots.some(({ guid }) => guid === String(toguid));
  return found ? undefined : `${formatZrepSnapshot(snapshot)} is not there any more`;
}

function isInTheWay(scene: Scene): boolean {
  const both = bothSides(scene);
  const codes = both === undefined ? [] : obstaclesOf(scene, both).map(({ obstacle }) => obstacle);
  return codes.includes('first-stream') || codes.includes('no-common-snapshot');
}

function isFirst({ fromguid }: ResumeToken): boolean {
  return fromguid === undefined;
}

function goingOn(scene: Scene, token: ResumeToken): string {
  const { peer, dataset } = scene;
  const zrep = zrepOf(scene);
  return isFirst(token)
    ? `${zrep} init --pull ${peer?.host.name}:${peer?.dataset} ${dataset}`
    : `${zrep} refresh ${dataset}`;
}
