/** What a step has to tell when it is done. */

export interface Done {
  /** For the client's standard output, as it stands; a stream has gone there by itself. */
  readonly print?: string;
  /** For the audit record. */
  readonly facts: Readonly<Record<string, string | number>>;
}
