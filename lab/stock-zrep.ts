/**
 * The original zrep (https://github.com/bolthole/zrep), for tests with the real program. It is not part of this tree: put the file
 * `zrep` of the tag vVERSION into the folder STOCK_ZREP, or `.stock`, as zrep-VERSION.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

/** SHA-256 of the script at each tag. */
const CHECKSUMS = {
  '1.6.8': '4f873d894f214ef494d687e4a5fb3efc3c485499412123ac7760b37091fd84d1',
  '1.7.7': '42eb6d529811fd5d0393d515efa91f2ea319a9a67268d4fa00f3207fb14509cc',
  '1.8.0': '4f567de8505c5218d2cd624de9e3e4978cd26f6c66f7bab722959ec3a626f581',
  '1.9.0': '3e50fc4cae947241a970f8fc3f1a0d8b9147d3607e6e80cea108081696be82fe',
  '2.0.2': 'b18e4e71325b7de2a873e72bc669a78cf5448922da90041d47679f6a33320d61',
} as const;

export type StockVersion = keyof typeof CHECKSUMS;

export interface StockZrep {
  readonly version: StockVersion;
  readonly text: string;
}

/** The script of that version, or why it cannot be run here: a sentence. @throws Error for a file that is another one. */
export function stockZrep(version: StockVersion): StockZrep | string {
  const file = `${process.env['STOCK_ZREP'] ?? '.stock'}/zrep-${version}`;
  if (!existsSync(file))
    return `there is no ${file}: the file zrep of the tag v${version} of https://github.com/bolthole/zrep.`;
  const text = readFileSync(file, 'utf8');
  if (createHash('sha256').update(text).digest('hex') !== CHECKSUMS[version])
    throw new Error(`${file} is not the zrep of v${version}`);
  const [, shell = ''] = /^#!(\S+)/.exec(text) ?? [];
  return existsSync(shell) ? { version, text } : `${shell} is missing, for zrep ${version}.`;
}
