/** Whether a key is one: by its form it may be, and OpenSSH may read it otherwise. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { ask } from '../../doctor/ask.ts';
import { inOneLine } from '../../printable.ts';
import type { PublicKey } from '../../public-key.ts';
import { CannotPair } from './cannot-pair.ts';

/** @throws CannotPair where this host's ssh-keygen does not take it for a key. */
export async function tryKey({ type, base64 }: PublicKey): Promise<void> {
  const folder = mkdtempSync(`/tmp/zrep-gate-key-`);
  try {
    const file = `${folder}/key.pub`;
    writeFileSync(file, `${type} ${base64}\n`);
    const { good, message } = await ask(['ssh-keygen', '-l', '-f', file]);
    if (!good)
      throw new CannotPair(
        `ssh-keygen does not take the key: ${inOneLine(message.replace(file, 'it'))}. Copy the whole line of the .pub file`,
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
}
