/** Why a grant was not made, or not taken back, in a sentence or two, with what was changed all the same. */
export class CannotPair extends Error {}

/** The file is in the home of another user, who could lead root's writing elsewhere. */
export class InAnotherHome extends CannotPair {
  readonly path: string;
  /** The name of that user. */
  readonly owner: string;

  constructor(path: string, owner: string) {
    super(
      `${path} is in the home of ${owner}, who could lead root's writing elsewhere; take an account of its own`,
    );
    this.path = path;
    this.owner = owner;
  }
}

/** The sentence for an error of ours, or of the system's. @throws any other one. */
export function sayProblem(error: unknown): string {
  if (error instanceof CannotPair) return error.message;
  if (!(error instanceof Error && 'syscall' in error)) throw error;
  // Behind the comma is the system call, with the name of a draft.
  return error.message.replace(/, .*/s, '');
}
