/**
 * The policy file's text into a Policy, or the list of its mistakes, each with its place. Pure.
 *
 * One mistake is enough for nothing to be allowed; all are listed, so that `check` needs one run.
 */

import { parse as parseToml, TomlError } from 'smol-toml';
import type { Dataset, Tag } from '../zfs/names.ts';
import type { SendFlag } from '../zfs/send-flags.ts';
import { readSendFlag } from '../zfs/send-flags.ts';
import { filterTable } from './filters.ts';
import { covers } from './grants.ts';
import { type ClientKeys, clientLimits, type DatasetKeys, datasetLimits } from './limits.ts';
import type { Mistake } from './mistakes.ts';
import {
  type AuditSettings,
  type Client,
  DEFAULT_AUDIT,
  type Grant,
  type Policy,
  type SyslogTarget,
} from './policy.ts';
import {
  type AuditSection,
  auditSection,
  type ClientSection,
  type PolicyFile,
  policyFile,
  SYSLOG_TARGET,
} from './schema.ts';
import { fits } from './shape.ts';

export type Built =
  | { readonly policy: Policy }
  /** The audit settings, where at least they could be read: a broken policy is a thing to record. */
  | { readonly mistakes: readonly Mistake[]; readonly audit: AuditSettings | undefined };

const UNEXPLAINED = 'it is not a valid policy; zrep-gate check says why';

/** A session that began before an upgrade may find the file gone that words a mistake: the policy is refused without it. */
function unloadable(): undefined {}

/** The policy in `text`. */
export async function buildPolicy(text: string): Promise<Built> {
  let file: Record<string, unknown>;
  try {
    file = parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const found = await import('./toml-problem.ts').catch(unloadable);
    const problem = found?.sayTomlProblem(text, error) ?? UNEXPLAINED;
    return { mistakes: [{ place: `line ${error.line}, column ${error.column}`, problem }], audit: undefined };
  }
  if (Object.keys(file).length === 0)
    return {
      mistakes: [{ place: 'the file', problem: 'it is empty; a policy has at least one [client.NAME]' }],
      audit: undefined,
    };

  if (!fits(policyFile, file)) {
    const found = await import('./find-mistakes.ts').catch(unloadable);
    const section = (file as Record<string, unknown>)['audit'];
    const audit = section !== undefined && fits(auditSection, section) ? auditFrom(section) : undefined;
    const mistakes = found?.findMistakes(policyFile, file) ?? [{ place: 'the file', problem: UNEXPLAINED }];
    return { mistakes, audit };
  }
  const policy = policyFrom(file);
  const mistakes = contradictions(policy);
  return mistakes.length > 0 ? { mistakes, audit: policy.audit } : { policy };
}

function policyFrom(file: PolicyFile): Policy {
  return {
    zfs: file.zfs ?? '/usr/sbin/zfs',
    zrep: {
      srcHost: file.zrep?.['src-host'],
      rundir: file.zrep?.rundir ?? '/var/run',
      sendFlags: (file.zrep?.['send-flags'] ?? []).map((flag) => readSendFlag(flag) as SendFlag),
    },
    audit: auditFrom(file.audit),
    clients: new Map(
      Object.entries(file.client ?? {}).map(([name, client]) => [
        name,
        clientFrom(client, file.limits ?? {}),
      ]),
    ),
    filters: filterTable(file.filter ?? {}),
    examples: file.example ?? [],
  };
}

/** A grant's defaults: what is left out is not allowed. */
function clientFrom({ from, grant = [], ...own }: ClientSection, limits: ClientKeys & DatasetKeys): Client {
  // The schema has checked every name; only their types are missing.
  const grants = grant.map(
    (one): Grant => ({
      dataset: one.dataset as Dataset,
      subtree: one.subtree ?? false,
      except: (one.except ?? []) as Dataset[],
      tags: (one.tags ?? ['zrep']) as Tag[],
      operations: one.operations,
      recursive: one.recursive ?? false,
      properties: one.properties ?? false,
      raw: one.raw ?? 'optional',
      resume: one.resume ?? false,
      filters: one.filters ?? [],
      limits: datasetLimits(one, limits),
    }),
  );
  return { from, grants, limits: clientLimits(own, limits) };
}

function auditFrom(section: AuditSection = {}): AuditSettings {
  return {
    syslog: section.syslog === undefined ? DEFAULT_AUDIT.syslog : syslogTargetFrom(section.syslog),
    facility: section.facility ?? DEFAULT_AUDIT.facility,
    file: section.file,
    required: section.required ?? DEFAULT_AUDIT.required,
  };
}

function syslogTargetFrom(text: string): SyslogTarget {
  const { socket, transport, host, port } = SYSLOG_TARGET.exec(text)?.groups ?? {};
  if (text === 'off') return { kind: 'off' };
  if (host === undefined) return { kind: 'local', socket: socket ?? '/dev/log' };
  return {
    kind: 'remote',
    transport: transport as 'udp' | 'tcp',
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port ?? 514),
  };
}

/** What no single value shows: things that cannot both be meant. */
function contradictions(policy: Policy): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const [name, client] of policy.clients) {
    client.grants.forEach((grant, index) => {
      const place = `client.${name}.grant[${index + 1}]`;
      const add = (problem: string) => mistakes.push({ place, problem });
      if (client.grants.findIndex((other) => other.dataset === grant.dataset) < index) {
        add(`is a second grant for "${grant.dataset}"; merge the two`);
      }
      if (grant.except.length > 0 && !grant.subtree)
        add('has "except" without subtree = true; add it, or drop "except"');
      for (const excepted of grant.except) {
        if (!covers(grant.dataset, excepted) || excepted === grant.dataset) {
          add(`excepts "${excepted}", which does not lie below "${grant.dataset}"`);
        }
      }
      for (const filter of grant.filters) {
        if (!policy.filters.has(filter))
          add(`names the filter "${filter}", which is not defined; add [filter.${filter}] argv = […]`);
      }
      if (grant.raw === 'forbidden' && policy.zrep.sendFlags.includes('w')) {
        add('has raw = "forbidden", but zrep.send-flags has -w');
      }
      const carried = policy.zrep.sendFlags.find((flag) => flag === 'p' || flag === 'b');
      const pulls = grant.operations.some((operation) => operation === 'pull' || operation === 'init');
      if (carried && !grant.properties && pulls) {
        add(`has properties = false, but zrep.send-flags has -${carried}`);
      }
    });
  }
  policy.examples.forEach(({ client }, index) => {
    if (!policy.clients.has(client)) {
      mistakes.push({ place: `example[${index + 1}].client`, problem: `there is no client "${client}"` });
    }
  });
  return mistakes;
}
