/** Asked in a way that cannot be carried out: what is wrong, and what to write instead. The exit code is 2. */
export class UsageError extends Error {}
