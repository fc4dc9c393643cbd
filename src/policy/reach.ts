/** How far an act goes below the dataset that a command names, and whose limits hold for each dataset there. Pure. */

import { findGrant } from './grants.ts';
import type { DatasetLimits } from './limits.ts';
import type { Grant } from './policy.ts';

export type Reach =
  | 'alone'
  | {
      /** The act leaves these alone, and what is below them. */
      readonly spared: readonly string[];
      /** Those of the tree: each dataset is held to its own. Left out where one set of limits holds for all of it. */
      readonly grants?: readonly Grant[];
    };

/** The limits of a dataset that an act reaches: those of its own grant; where it has none, `limits`, those of the act's. */
export function limitsOf(reach: Reach, dataset: string, limits: DatasetLimits): DatasetLimits {
  const grants = reach === 'alone' ? undefined : reach.grants;
  return (grants && findGrant({ grants }, dataset)?.limits) ?? limits;
}
