/** sshd's settings for everybody who comes to the gate, one finding for each that is wrong. */

import type { Account } from './accounts.ts';
import { ask } from './ask.ts';
import { type Finding, finding } from './findings.ts';
import { type Fault, judgeSshd, type SshdCircumstances } from './judge-sshd.ts';
import type { Sshd } from './sshd.ts';
import { type ConfigLine, lineOf } from './sshd-config.ts';

export interface Visitor extends Omit<SshdCircumstances, 'name' | 'groups'> {
  readonly account: Account;
  /** Where its clients come from. */
  readonly addresses: readonly string[];
}

/** Asks sshd once for each visitor and address. */
export async function lookAtSshd(sshd: Sshd, visitors: readonly Visitor[]): Promise<Finding[]> {
  const found = new Map<string, { fault: Fault; whom: Map<string, string[]> }>();
  for (const visitor of visitors) {
    const { name } = visitor.account;
    const groups = visitor.gate ? (await ask(['id', '-Gn', '--', name])).output.trim().split(' ') : [];
    for (const address of visitor.addresses) {
      const settings = await sshd.settings(visitor.account.name, address);
      for (const fault of judgeSshd(settings, { ...visitor, name, groups })) {
        const id = JSON.stringify(fault);
        const { whom } = found.get(id) ?? { whom: new Map<string, string[]>() };
        whom.set(visitor.account.name, [...(whom.get(visitor.account.name) ?? []), address]);
        found.set(id, { fault, whom });
      }
    }
  }
  return [...found.values()].map(({ fault, whom }) => findingOf(sshd, fault, describe(whom, visitors)));
}

function findingOf({ config, lines }: Sshd, fault: Fault, whom: string): Finding {
  const line = lineOf(lines, fault.keyword, fault.value);
  const where = `${line?.place ?? config} (for ${whom})`;
  return finding(
    fault.code,
    where,
    `${fault.problem}${line ? '' : ", which is sshd's own default"}`,
    whatToDo(config, line),
    fault.line,
  );
}

function whatToDo(config: string, line: ConfigLine | undefined): string {
  const place = line ? 'in place of that line' : `in ${config}, in front of any Match`;
  return `Write ${place}, and run systemctl reload ssh:`;
}

/** Names, with the addresses of those of whom it is not true everywhere. */
function describe(whom: ReadonlyMap<string, readonly string[]>, visitors: readonly Visitor[]): string {
  const parts = [...whom].map(([name, addresses]) => {
    const all = visitors.find(({ account }) => account.name === name)?.addresses.length;
    return addresses.length === all ? name : `${name} from ${addresses.join(', ')}`;
  });
  return parts.join(' and ');
}
