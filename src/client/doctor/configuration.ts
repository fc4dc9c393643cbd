/** What zrep's properties of a pair say, and of which side they make the master. Pure. */

import { tell } from '../../pair/obstacle.ts';
import { judgeOwn } from '../../pair/source.ts';
import { quote } from '../../printable.ts';
import { roleProperties } from '../../replication/role.ts';
import { parseSavecount } from '../../replication/snapshots.ts';
import { inheritArgv, setArgv } from '../../zfs/argv.ts';
import { type Dataset, parseDataset, type Tag } from '../../zfs/names.ts';
import { anyValue, localValue, ownValue } from '../../zfs/state.ts';
import { renamedPart } from '../copies/find-missing.ts';
import { zrepFor } from '../words/again.ts';
import { byHand, type Finding, finding, forcibly, type Mend, safely } from './finding.ts';
import { diagnoseObstacle, namesOf } from './obstacles.ts';
import { bothSides, type Diagnose, type Scene } from './scene.ts';

export const diagnoseConfiguration: Diagnose = (scene) => [
  ...isComplete(scene),
  ...isUsable(scene),
  ...isRenamed(scene),
  ...namesEachOther(scene),
  ...savesACount(scene),
];

/** Nothing else is said of it, and nothing done to it: any of that could be meant for another. */
export function diagnoseUnclear({ dataset, tag, here }: Scene): Finding {
  return finding(
    'role-unclear',
    dataset,
    `its properties do not say which side of a pair it is: ${roleProperties(here.properties, tag).join(', ')}; and its own name is in none of them`,
    byHand(
      'A restore, a test, or a source that was moved by zfs send -R looks like this. Nothing is done to it. docs/doctor-pairs.md has the commands for each of these under "role-unclear". To see what was set here and what was received:',
      [`zfs get -s local,received all ${dataset}`],
    ),
  );
}

/** The four that make a pair; what they must be here is known of this side's own. */
function isComplete({ dataset, tag, role, hostName, here }: Scene): Finding[] {
  const own = role === 'copy' ? ['dest-fs', 'dest-host'] : ['src-fs', 'src-host'];
  const missing = ['src-fs', 'src-host', 'dest-fs', 'dest-host'].filter(
    (name) => ownValue(here.properties, `${tag}:${name}`) === undefined,
  );
  if (missing.length === 0) return [];
  const values: Record<string, string> = { [own[0] as string]: dataset, [own[1] as string]: hostName };
  const what = `${missing.map((name) => `${tag}:${name}`).join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set on it`;
  if (missing.every((name) => own.includes(name))) {
    const argvs = missing.map((name) => setArgv(dataset, { [`${tag}:${name}`]: values[name] ?? '' }));
    return [finding('configuration-incomplete', dataset, what, safely('Run:', ...argvs))];
  }
  const other = role === 'copy' ? ['FILESERVER', 'SOURCE'] : ['BACKUPSERVER', 'COPY'];
  const lines = missing.map((name) => {
    const value = values[name] ?? (name.endsWith('-host') ? other[0] : other[1]);
    return `zfs set ${tag}:${name}=${value} ${dataset}`;
  });
  return [
    finding(
      'configuration-incomplete',
      dataset,
      what,
      byHand(`Say which its other side is (in place of ${other.join(' and ')}):`, lines),
    ),
  ];
}

function isUsable({ dataset, tag, role, here, peer }: Scene): Finding[] {
  if (peer !== undefined) return [];
  const names = (role === 'copy' ? ['src-host', 'src-fs'] : ['dest-host', 'dest-fs']).map(
    (name) => `${tag}:${name}`,
  );
  const values = names.map((name) => ownValue(here.properties, name));
  if (values.includes(undefined)) return [];
  const said = names.map((name, index) => `${name} is ${quote(values[index] ?? '')}`).join(' and ');
  return [
    finding(
      'configuration-unusable',
      dataset,
      `${said}, which names no host or no file system`,
      byHand("Write the other side's host and file system in their place:", [
        `zfs set ${names[0]}=HOST ${dataset}`,
        `zfs set ${names[1]}=POOL/FS ${dataset}`,
      ]),
    ),
  ];
}

function isRenamed(scene: Scene): Finding[] {
  const { dataset, tag, role, here, hostName } = scene;
  const own = (name: string) => ownValue(here.properties, `${tag}:${name}`);
  const destination = own('dest-fs');
  if (role === 'copy' && destination !== undefined && destination !== dataset)
    return [
      finding(
        'copy-renamed',
        dataset,
        `${tag}:dest-fs is ${quote(destination)}, another file system`,
        byHand(
          'If it was renamed, tell zrep the new name, once for all that was renamed along; if it is the copy of a copy, there is nothing to be done:',
          [newNameLine(destination, dataset, tag)],
        ),
      ),
    ];
  const found = role === 'source' ? judgeOwn(tag, here, hostName) : undefined;
  if (found?.obstacle !== 'source-renamed') return [];
  const what = tell(found, namesOf(scene)).what;
  return [
    finding(
      'source-renamed',
      dataset,
      what,
      forcibly(
        'If the host was renamed, tell zrep (else set ZREP_SRC_HOST to its name for zrep, or see that only one host is the master):',
        [`that ${found.former} is the master of ${dataset}`],
        setArgv(dataset, { [`${tag}:src-host`]: hostName }),
      ),
    ),
  ];
}

/** The value can have come with a stream: only the name of a file system gets into a line to copy. */
function newNameLine(former: string, dataset: Dataset, tag: Tag): string {
  if (parseDataset(former) === undefined) return `zfs set ${tag}:dest-fs=${dataset} ${dataset}`;
  return `${zrepFor(tag)} renamed ${renamedPart(former, dataset).join(' ')}`;
}

/** Host names are not compared: each side may call the other by another one. */
function namesEachOther(scene: Scene): Finding[] {
  const { dataset, tag, role, here, peer, hasNamesake } = scene;
  const both = bothSides(scene);
  if (both === undefined || peer === undefined) return [];
  const there = role === 'copy' ? both.source : both.copy;
  const back = role === 'copy' ? 'dest-fs' : 'src-fs';
  const found = ownValue(there.properties, `${tag}:${back}`);
  if (found === undefined || found === dataset) return [];
  // Renamed here, and both sides still have its former name: isRenamed says so.
  if (role === 'copy' && found === ownValue(here.properties, `${tag}:dest-fs`) && !hasNamesake) return [];
  const property = `${tag}:${back}`;
  return [
    finding(
      'other-pair',
      dataset,
      `${peer.dataset} on ${peer.host.name} belongs to another pair: its ${property} is ${quote(found)}`,
      byHand(
        'If that one is no more, say there which it is now; otherwise one of the two needs a tag of its own (zrep -t TAG init):',
        [`zfs set ${property}=${dataset} ${peer.dataset}`],
        peer.host.name,
      ),
    ),
  ];
}

/** As many stay as there are: no mend shall destroy anything at the next refresh. */
function savesACount(scene: Scene): Finding[] {
  const { dataset, tag, here, there, peer, saveCount } = scene;
  const property = `${tag}:savecount`;
  const count = (tagged: readonly unknown[]) => Math.max(saveCount, tagged.length);
  const findings: Finding[] = [];
  const value = anyValue(here.properties, property);
  if (parseSavecount(value) === undefined)
    findings.push(
      finding(
        'savecount-wrong',
        dataset,
        `${property} is ${value === undefined ? 'not set' : quote(value)}, not a whole number of at least 1`,
        safely(
          'As many as there are now, so that none goes at once; lower it as you like:',
          setArgv(dataset, { [property]: String(count(here.tagged)) }),
        ),
      ),
    );
  if (!('side' in there) || peer === undefined) return findings;
  const other = ownValue(there.side.properties, property);
  if (other !== undefined && parseSavecount(other) === undefined)
    findings.push(
      finding(
        'savecount-wrong',
        dataset,
        `${property} of ${peer.dataset} on ${peer.host.name} is ${quote(other)}, not a whole number of at least 1`,
        byHand(
          'Set it there, to as many as there are now or less:',
          [`zfs set ${property}=${count(there.side.tagged)} ${peer.dataset}`],
          peer.host.name,
        ),
      ),
    );
  return findings;
}

/** The gate there has told why, and what makes it the master. */
function saysItself(scene: Scene): boolean {
  const mended = ['source-unconfigured', 'source-received', 'no-common-snapshot'];
  return diagnoseObstacle(scene).some(({ code }) => mended.includes(code));
}

export const diagnoseMaster: Diagnose = (scene) => {
  const { dataset, tag, role, here, there, peer } = scene;
  const property = `${tag}:master`;
  const marked = localValue(here.properties, property) === 'yes';
  const other = 'side' in there ? localValue(there.side.properties, property) === 'yes' : undefined;
  const place = peer === undefined ? 'the other side' : `${peer.dataset} on ${peer.host.name}`;
  if (role === 'copy') {
    if (marked && other === true)
      return [
        finding('two-masters', dataset, `it and ${place} are both marked as the master`, demote(scene)),
      ];
    if (marked)
      return [
        finding(
          'copy-is-master',
          dataset,
          `it is marked as the master, and is the copy of ${place} by its other properties`,
          demote(scene),
        ),
      ];
    if (other !== false || peer === undefined || saysItself(scene)) return [];
    return [
      finding(
        'no-master',
        dataset,
        `its source, ${place}, is not marked as the master`,
        byHand(
          'If that is the side that is written to:',
          [`zfs set ${property}=yes ${peer.dataset}`],
          peer.host.name,
        ),
      ),
    ];
  }
  if (marked && other === true)
    return [
      finding(
        'two-masters',
        dataset,
        `it and its copy, ${place}, are both marked as the master`,
        byHand(
          'Find out which one was written to last, and is to stay. If the other one is, make this one its copy, and then zrep refresh -f gives up what was changed here since:',
          becomeCopy(scene),
        ),
      ),
    ];
  if (marked || saysItself(scene)) return [];
  const what = 'it is the source of a pair, but not marked as the master';
  const mark = setArgv(dataset, { [property]: 'yes' });
  if (other === true)
    return [
      finding(
        'no-master',
        dataset,
        `${what}; ${place} is, though it is the copy by the properties here`,
        byHand('If it was taken over there, make this one the copy:', becomeCopy(scene)),
      ),
    ];
  const mend =
    other === false
      ? safely('Its copy is not, either:', mark)
      : forcibly(
          `If nobody has taken over on the other side, which was not seen:`,
          [`that ${place} is the master, if it is`],
          mark,
        );
  return [finding('no-master', dataset, what, mend)];
};

function demote({ dataset, tag }: Scene): Mend {
  return forcibly(
    'If this is the one that is to be the copy (look on both sides which was written to last: zfs get written); what was changed here goes only with zrep refresh -f:',
    [`that ${dataset} is the master`],
    inheritArgv(dataset, `${tag}:master`),
    setArgv(dataset, { readonly: 'on' }),
  );
}

function becomeCopy({ dataset, tag, peer, hostName }: Scene): string[] {
  const pair = {
    'src-host': peer?.host.name ?? 'HOST',
    'src-fs': peer?.dataset ?? 'POOL/FS',
    'dest-host': hostName,
    'dest-fs': dataset,
  };
  return [
    `zfs inherit ${tag}:master ${dataset}`,
    ...Object.entries(pair).map(([name, value]) => `zfs set ${tag}:${name}=${value} ${dataset}`),
    `zfs set readonly=on ${dataset}`,
  ];
}
