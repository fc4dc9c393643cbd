/** What an interrupted stream has left on the other side: zfs receive takes no other one then. Pure. */

/** In a sentence, with the command that resumes it; `zrep` as it was called. */
export function sayPartial(zrep: string, dataset: string): string {
  return `what an earlier stream left there is in the way; to go on with it: ${resumeLine(zrep, dataset)}`;
}

export function resumeLine(zrep: string, dataset: string): string {
  return `${zrep} sync -r ${dataset}`;
}
