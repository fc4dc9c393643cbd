/** What helps where a fileserver did not do what a set-up asked of it: by the refusal's code, and by nothing else. Pure. */

/** What was asked, for the commands to type. */
export interface AskedThere {
  /** As ssh takes it. */
  readonly host: string;
  readonly source: string;
  /** What a stock zrep has in the place of it, to be run on the fileserver. */
  readonly stock: string;
}

/** One clause, for behind what failed; undefined where the refusal itself says what to do, or nobody knows. */
export function hintFor(code: string | undefined, { host, source, stock }: AskedThere): string | undefined {
  switch (code) {
    // No gate, or one that is not ours.
    case undefined:
      return `if there is no zrep-gate on ${host}, run there: ${stock}`;
    case 'unknown-verb':
      return `the zrep-gate on ${host} is too old for this; update it, or run there: ${stock}`;
    case 'operation-not-granted':
      return `the policy on ${host} needs "init" among the operations of the grant for ${source}, and "pull" if the pair has begun`;
    case 'tag-not-granted':
      return `the policy on ${host} needs this tag among the tags of the grant for ${source}`;
    case 'not-granted':
      return `see on ${host} whether it exists, and whether a grant covers it: zfs list ${source}`;
    default:
      return undefined;
  }
}
