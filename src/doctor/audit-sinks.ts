/** Where records go. Nothing is written: a check that runs every five minutes would fill the log with itself. */

import { accessSync, constants, lstatSync, readdirSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { AuditSettings } from '../policy/policy.ts';
import { readIfThere, reasonOf } from './ask.ts';
import { untrusted } from './file-trust.ts';
import { type Finding, finding } from './findings.ts';
import { fitsPattern } from './sshd-settings.ts';

/** The sinks of the policy at `path`. A syslog server is not asked: over UDP it would not answer. */
export function lookAtAudit({ syslog, file }: AuditSettings, path: string): Finding[] {
  const findings: Finding[] = [];
  if (syslog.kind === 'off' && file === undefined)
    findings.push(
      finding(
        'audit-off',
        `${path}: audit.syslog`,
        'nothing is on record',
        'Write under [audit]:',
        'syslog = "local"',
      ),
    );
  if (syslog.kind === 'local') findings.push(...lookAtSocket(syslog.socket));
  if (file !== undefined) findings.push(...lookAtFile(file));
  return findings;
}

function lookAtSocket(socket: string): Finding[] {
  const start = [
    'Let a syslog listen there:',
    'systemctl restart systemd-journald-dev-log.socket rsyslog',
  ] as const;
  try {
    if (!statSync(socket).isSocket()) return [finding('syslog-missing', socket, 'is not a socket', ...start)];
  } catch (error) {
    return [finding('syslog-missing', socket, reasonOf(error), ...start)];
  }
  // unix(7), /proc/net/unix: those that listen, by the path that they were bound to.
  const bound = (readIfThere('/proc/net/unix') ?? '').split('\n').map((line) => line.split(' ').at(-1));
  if (bound.includes(socket) || bound.includes(realpathSync(socket))) return [];
  return [finding('syslog-nobody-listens', socket, 'is a socket that nobody has opened', ...start)];
}

function lookAtFile(file: string): Finding[] {
  const findings: Finding[] = [];
  const unusable = (problem: string, ...remedy: [string, ...string[]]) =>
    findings.push(finding('audit-file-unusable', file, problem, ...remedy));
  try {
    findings.push(...untrusted(dirname(file), 'audit-folder-not-roots'));
  } catch (error) {
    unusable(`its folder ${reasonOf(error)}`, 'Run:', `install -d -m 750 ${dirname(file)}`);
    return findings;
  }
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile())
    unusable('is not a regular file', 'Move it away:', `mv ${file} ${file}.old`);
  else if (!isWritable(found ? file : dirname(file)))
    unusable('cannot be written', 'See why:', `lsattr -d ${file}; findmnt -T ${dirname(file)}`);
  // Of what is kept for root the gate can have the last of.
  else if (statfsSync(dirname(file)).bfree === 0)
    unusable('its disk is full', 'Make room:', `df -h ${dirname(file)}`);
  if (!isRotated(file))
    findings.push(
      finding(
        'audit-file-not-rotated',
        file,
        'no file of /etc/logrotate.d names it',
        'Write into /etc/logrotate.d/zrep-gate:',
        `${file} { weekly rotate 52 compress missingok notifempty }`,
      ),
    );
  return findings;
}

/** A file system that is read-only says no also to root. */
function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** True when a rule of logrotate's has the file, by its name or a pattern. */
function isRotated(file: string): boolean {
  const folder = '/etc/logrotate.d';
  const names = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
  const rules = ['/etc/logrotate.conf', ...names.map((name) => `${folder}/${name}`)];
  const text = rules
    .map((path) => readIfThere(path) ?? '')
    .join('\n')
    .replace(/^\s*#.*/gm, '');
  const words = text.split(/[\s"{}]+/);
  return words.some((word) => dirname(word) === dirname(file) && fitsPattern(basename(file), basename(word)));
}
