/** The grants that are looked at, and where each stands in the policy. Pure. */

import type { Client, Grant, Policy } from '../policy/policy.ts';

export interface PlacedGrant {
  readonly client: Client;
  readonly grant: Grant;
  /** For a finding: `/etc/zrep-gate/policy.toml: client.backup1.grant[1]`. */
  readonly where: string;
}

/** Every grant of the clients in `names`, in the policy's order. */
export function grantsOf({ clients }: Policy, path: string, names: ReadonlySet<string>): PlacedGrant[] {
  return [...clients]
    .filter(([name]) => names.has(name))
    .flatMap(([name, client]) =>
      client.grants.map((grant, index) => ({
        ...{ client, grant },
        where: `${path}: client.${name}.grant[${index + 1}]`,
      })),
    );
}
