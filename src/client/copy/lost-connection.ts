/** A connection that broke in the middle of a stream: how much had come until then, and what ssh says of it. */

import { sayBytes } from '../../expire/amounts.ts';
import type { Ended } from '../../process/pipeline.ts';
import { isRefusal } from '../../refusal.ts';
import { readPropertiesArgv } from '../../zfs/argv.ts';
import { parseResumeToken } from '../../zfs/resume-token.ts';
import { anyValue, parseListing } from '../../zfs/state.ts';
import { NO_CONNECTION } from '../far/answer.ts';
import type { FarSide } from '../far/far-side.ts';
import type { Run } from '../run/run.ts';

/** zfs over there, whose code a stock zrep hands on, can end with ssh's, too: then it has said why. */
const OF_ZFS = /\bzfs\b|^(?:cannot|warning|internal error)/m;

/** True where `sender`, ssh, ended so because its connection is gone. Pure. */
export function isLost({ code, message }: Ended): boolean {
  return code === NO_CONNECTION && !OF_ZFS.test(message);
}

export interface Lost {
  /** `connection to fileserver lost after 12.3 MiB (ssh's own words)`. */
  readonly what: string;
  /** zfs keeps what has come. */
  readonly isResumable: boolean;
}

/** What is known of a connection that is lost, when `dataset` had taken in a part of its stream. The bytes are those of the resume token. */
export async function describeLost({ step }: Run, far: FarSide, dataset: string): Promise<Lost> {
  const bytes = step.capabilities.has('resume') ? await bytesKept(step, dataset) : undefined;
  const after = bytes === undefined ? '' : ` after ${sayBytes(bytes)}`;
  const words = (await far.lastWords()).join('; ');
  return {
    what: `connection to ${far.host.name} lost${after}${words === '' ? '' : ` (${words})`}`,
    isResumable: bytes !== undefined,
  };
}

/** Of the stream that `dataset` has a part of; undefined where it has none. */
async function bytesKept({ zfs }: Run['step'], dataset: string): Promise<number | undefined> {
  const { output } = await zfs.ask(readPropertiesArgv([dataset], ['receive_resume_token']));
  const text = anyValue(parseListing(output).get(dataset), 'receive_resume_token');
  const token = text === undefined ? undefined : parseResumeToken(text);
  return token === undefined || isRefusal(token) ? undefined : Number(token.bytes);
}
