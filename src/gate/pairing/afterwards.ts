/** What check and doctor say once the files are written. */

import { examine } from '../../doctor/doctor.ts';
import { formatDiagnosis } from '../../doctor/report.ts';
import { DEFAULT_POLICY } from '../../policy/load.ts';
import { checkPolicy } from '../check.ts';

export interface Looked {
  readonly policyPath: string;
  readonly account: string | undefined;
  readonly sshdConfig: string;
  readonly program: string;
}

/** Prints it; `now` in epoch seconds. False where one of them finds an error. */
export async function lookAgain(
  { policyPath, account, sshdConfig, program }: Looked,
  client: string,
  now: number,
): Promise<boolean> {
  const { errors, warnings, summary } = await checkPolicy(policyPath, now);
  console.log(`zrep-gate check: ${errors.length === 0 ? `valid: ${summary}` : 'it has mistakes'}`);
  for (const one of [...errors, ...warnings]) console.log(`  ${one}`);
  const diagnosis = await examine({
    policy: policyPath === DEFAULT_POLICY ? undefined : policyPath,
    clients: [client],
    accounts: account === undefined ? [] : [account],
    sshdConfig,
    program,
  });
  console.log(`zrep-gate doctor:\n${formatDiagnosis(diagnosis, 100)}`);
  return errors.length === 0 && diagnosis.verdict !== 'error';
}
