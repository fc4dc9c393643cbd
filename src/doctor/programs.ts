/** The programs that run as root for a client, and the folders that they work in: whose they are, and if they are there. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Policy } from '../policy/policy.ts';
import { reasonOf } from './ask.ts';
import { untrusted, wayTo } from './file-trust.ts';
import { type Finding, finding } from './findings.ts';
import { type GateLine, placeOf } from './gate-lines.ts';

/** package.json, engines. */
const OLDEST: readonly [number, number] = [18, 19];

/** The gate that a line names, against `own`, the one that was asked: its folder, and what it begins with. */
export function lookAtGate(gate: GateLine, own: string): Finding[] {
  const { program = '' } = gate.call ?? {};
  const where = placeOf(gate);
  const again = ['Make the line anew:', `zrep-gate authorize ${gate.call?.client} KEY.pub`] as const;
  try {
    const real = wayTo(program).at(-1);
    if (real === undefined || !real.stats.isFile() || (real.stats.mode & 0o111) === 0)
      return [finding('gate-missing', where, `${program} cannot be run`, ...again)];
    const findings = untrusted(program);
    const folder = dirname(real.path);
    for (const name of readdirSync(folder)) findings.push(...untrusted(`${folder}/${name}`));
    if (folder !== dirname(own))
      findings.push(
        finding('gate-not-this', where, `${program} leads to ${folder}, not to ${dirname(own)}`, ...again),
      );
    else if (isLauncher(own) && !isLauncher(real.path))
      findings.push(finding('gate-not-launcher', where, `${program} is not the launcher ${own}`, ...again));
    return findings;
  } catch (error) {
    return [finding('gate-missing', where, `${program} ${reasonOf(error)}`, ...again)];
  }
}

/** A program of sh, which starts node with an environment of its own. */
function isLauncher(path: string): boolean {
  return readFileSync(path, 'latin1').startsWith('#!/bin/sh');
}

/** zfs, the filters that some grant allows, logger, and the folder of zrep's lock, which may be of `delegates`. */
export function lookAtPrograms(
  { zfs, filters, clients, audit, zrep }: Policy,
  path: string,
  delegates: readonly number[],
): Finding[] {
  const granted = new Set(
    [...clients.values()].flatMap(({ grants }) => grants.flatMap((grant) => grant.filters)),
  );
  const findings = lookAtProgram(zfs, 'program-missing', `${path}: zfs`);
  for (const name of granted) {
    const program = filters.get(name)?.[0] ?? '';
    findings.push(...lookAtProgram(program, 'filter-missing', `${path}: filter ${name}`));
  }
  if (audit.syslog.kind === 'local')
    findings.push(...lookAtProgram('/usr/bin/logger', 'program-missing', '/usr/bin/logger'));
  findings.push(...lookAtFolder(zrep.rundir, `${path}: zrep.rundir`, delegates));
  return findings;
}

function lookAtProgram(
  program: string,
  code: 'program-missing' | 'filter-missing',
  where: string,
): Finding[] {
  const install = [
    'Install it, or write its path here; this looks for it:',
    `command -v ${program.split('/').at(-1)}`,
  ] as const;
  try {
    const real = wayTo(program).at(-1);
    if (real === undefined || !real.stats.isFile() || (real.stats.mode & 0o111) === 0)
      return [finding(code, where, `${program} cannot be run`, ...install)];
    return untrusted(program);
  } catch (error) {
    return [finding(code, where, `${program} ${reasonOf(error)}`, ...install)];
  }
}

function lookAtFolder(folder: string, where: string, owners: readonly number[]): Finding[] {
  try {
    // The gate makes a folder of its own in it, on need.
    const own = `${folder}/zrep-gate`;
    return untrusted(existsSync(own) ? own : folder, 'rundir-not-roots', owners);
  } catch (error) {
    return [
      finding('rundir-missing', where, `${folder} ${reasonOf(error)}`, 'Run:', `install -d -m 755 ${folder}`),
    ];
  }
}

/** The node that runs this, by its version and its path. */
export function lookAtNode(version: string, path: string): Finding[] {
  const findings = untrusted(path);
  if (isOld(version))
    findings.push(
      finding(
        'node-old',
        path,
        `is Node ${version}`,
        'Install a newer one: docs/install.md says from where.',
      ),
    );
  return findings;
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}
