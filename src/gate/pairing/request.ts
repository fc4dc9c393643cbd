/** What `zrep-gate grant` and `zrep-gate revoke` were given, checked word by word. Pure, but for reading a key's file. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { didYouMean } from '../../did-you-mean.ts';
import { CLIENT_NAME, sayNoClientName } from '../../policy/client-name.ts';
import type { NewGrant } from '../../policy/grant-text.ts';
import type { GrantedOperation } from '../../policy/policy.ts';
import { quote } from '../../printable.ts';
import { type PublicKey, readPublicKey } from '../../public-key.ts';
import { type Dataset, parseDataset, parseTag } from '../../zfs/names.ts';
import { CannotPair } from './cannot-pair.ts';

const OPERATIONS: readonly GrantedOperation[] = ['pull', 'expire', 'read', 'send', 'init'];

/** What a backup by pull needs; docs/pairing.md says why. */
export const USUAL_OPERATIONS = 'pull,expire,init,read';

export interface GrantWords {
  readonly key: string;
  readonly operations: string;
  readonly tag: string;
  readonly recursive?: true;
}

/** The grant that these words ask for. @throws CannotPair with what is wrong with one. */
export function readGrant(client: string, dataset: string, words: GrantWords): NewGrant {
  const tag = parseTag(words.tag);
  if (tag === undefined)
    throw new CannotPair(`${quote(words.tag)} cannot be a zrep tag; take lower-case letters`);
  return {
    client: readClient(client),
    dataset: readDatasetName(dataset),
    operations: readOperations(words.operations),
    tag,
    recursive: words.recursive === true,
  };
}

export function readClient(text: string): string {
  if (!CLIENT_NAME.test(text)) throw new CannotPair(sayNoClientName(text));
  return text;
}

export function readDatasetName(text: string): Dataset {
  const dataset = parseDataset(text);
  if (dataset === undefined)
    throw new CannotPair(
      `${quote(text)} is not the name of a file system that zrep can handle, such as tank/home`,
    );
  return dataset;
}

function readOperations(text: string): GrantedOperation[] {
  const words = text.split(/[, ]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !OPERATIONS.some((one) => one === word));
  if (wrong === undefined && words.length > 0) return OPERATIONS.filter((one) => words.includes(one));
  const meant = didYouMean(wrong ?? '', OPERATIONS);
  const hint = meant === undefined ? '' : `. Did you mean ${meant}?`;
  throw new CannotPair(
    `${quote(wrong ?? text)} is not an operation; there are: ${OPERATIONS.join(', ')}${hint}`,
  );
}

/** `text` is a key, or the name of a file with one. @throws CannotPair with what is wrong with it. */
export function readKey(text: string): PublicKey {
  const isFile = text.length < 4096 && !text.includes('\0') && existsSync(text);
  if (!isFile && !/[\s]/.test(text.trim()))
    throw new CannotPair(
      `${quote(text)} is neither a public key nor a file; give the key in quotes: --key 'ssh-ed25519 AAAA... root@backup1'`,
    );
  if (isFile && !statSync(text).isFile())
    throw new CannotPair(`${text} is not a file; give the .pub file in it`);
  const read = readPublicKey(isFile ? readFileSync(text, 'latin1') : text);
  if ('problem' in read) throw new CannotPair(`${isFile ? text : 'the key'} ${read.problem}`);
  return read.key;
}
