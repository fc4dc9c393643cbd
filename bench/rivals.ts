/** What a refresh through the gate is measured beside: the original zrep, syncoid and bzfs, each where its program is given. */

import { existsSync } from 'node:fs';
import type { Lab } from '../lab/lab.ts';
import { makePair } from '../lab/pair.ts';
import { authorize } from '../lab/ssh.ts';
import { stockZrep } from '../lab/stock-zrep.ts';

export interface Subject {
  readonly name: string;
  /** The file system that is written to before each refresh. */
  readonly source: string;
  /** Shell for the backup server. */
  readonly refresh: string;
}

/** Where the guest has what was given to `npm run bench -- waits`. */
export const RIVALS = '/opt/rivals';

const STOCK = '/opt/stock';
const KEY = '/root/.ssh/plain';

/** Lets root in by a key of its own past the gate, and sets up a pair for each; a sentence for each that cannot run. */
export async function setUpRivals(lab: Lab): Promise<{ subjects: Subject[]; lacking: string[] }> {
  const { fileserver, backup } = lab;
  const { publicKey } = await lab.sshKey('plain');
  const raw = '#!/bin/sh\nPATH=/opt/stock:$PATH exec sh -c "$SSH_ORIGINAL_COMMAND"\n';
  await fileserver.writeFile('/opt/stock/raw', raw, { mode: 0o755 });
  await authorize(fileserver, 'root', `restrict,command="${STOCK}/raw" ${publicKey}`);
  const subjects: Subject[] = [];
  const lacking: string[] = [];

  const stock = stockZrep('2.0.2');
  if (typeof stock === 'string') lacking.push(stock);
  else {
    for (const host of [fileserver, backup])
      await host.writeFile(`${STOCK}/zrep`, stock.text, { mode: 0o755 });
    const { source, destination } = await makePair(lab, 'waits/stock', { savecount: 2 });
    const ssh = `SSH="ssh -i ${KEY} -o IdentitiesOnly=yes"`;
    subjects.push({
      name: 'zrep 2.0.2',
      source,
      refresh: `${ssh} PATH=${STOCK}:$PATH zrep refresh ${destination}`,
    });
  }

  for (const [name, file, command] of [
    [
      'syncoid',
      `${RIVALS}/syncoid`,
      `PERL5LIB=${RIVALS}/perl perl ${RIVALS}/syncoid --quiet --no-privilege-elevation --compress=none --sshkey=${KEY} --sshoption=IdentitiesOnly=yes`,
    ],
    [
      'bzfs',
      `${RIVALS}/bzfs/bzfs_main`,
      `ssh -i ${KEY} -o IdentitiesOnly=yes fileserver zfs snapshot SOURCE@bzfs_$(date +%s%N); PYTHONPATH=${RIVALS}/bzfs python3 -m bzfs_main.bzfs --ssh-src-extra-opts="-i ${KEY} -o IdentitiesOnly=yes"`,
    ],
  ] as const) {
    const variable = name.toUpperCase();
    if (!existsSync(file)) {
      lacking.push(`no ${variable}= is given.`);
      continue;
    }
    const [source, copy] = [`${fileserver.pool}/waits/${name}`, `${backup.pool}/waits/${name}`];
    await fileserver.run(['zfs', 'create', source]);
    const refresh = `${command.replace('SOURCE', source)} root@fileserver:${source} ${copy}`;
    const first = await backup.script(refresh, { allowFail: true });
    if (first.code === 0) subjects.push({ name, source, refresh });
    else
      lacking.push(
        `${name} does not run in the guest: ${(first.stderr + first.stdout).trim().split('\n')[0]}`,
      );
  }
  return { subjects, lacking };
}
