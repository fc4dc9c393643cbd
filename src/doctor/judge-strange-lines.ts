/** Lines of authorized_keys that cannot be read here, and options that are not known here: told, never passed over. Pure. */

import { unknownOptions } from './authorized-keys.ts';
import { type Finding, finding } from './findings.ts';
import { meansGate } from './gate-call.ts';
import { type GateLine, type KeysFile, placeOf } from './gate-lines.ts';

/**
 * Of the accounts `own`, every line that is not understood. In the files of all others the doctor only looks for the keys of
 * `gates`, so there it is a line with one of these.
 */
export function judgeStrangeLines(
  files: readonly KeysFile[],
  gates: readonly GateLine[],
  own: ReadonlySet<string>,
): Finding[] {
  const keys = gates.map(({ line }) => line.key.slice(line.key.indexOf(' ') + 1));
  return files.flatMap((file) => {
    const matters = (text: string) =>
      own.has(file.account.name) || meansGate(text) || keys.some((key) => text.includes(key));
    return [
      ...file.content.ignored.filter(({ text }) => matters(text)).map((line) => judgeUnread(file, line)),
      ...file.content.lines.filter(({ key }) => matters(key)).flatMap((line) => judgeOptions(file, line)),
    ];
  });
}

function judgeUnread({ path }: KeysFile, { number, text }: KeysFile['content']['ignored'][number]): Finding {
  const where = `${path}:${number}`;
  if (meansGate(text)) {
    const again = ['Make it anew:', 'zrep-gate authorize CLIENT KEY.pub'] as const;
    return finding('key-line-ignored', where, 'is no line that sshd can read', ...again);
  }
  return finding(
    'key-line-not-understood',
    where,
    'this line is not understood: neither a key nor options and a key',
    'If it is no key, put a # in front of it. Look at it first:',
    `sed -n ${number}p ${path}`,
  );
}

function judgeOptions({ path }: KeysFile, line: KeysFile['content']['lines'][number]): Finding[] {
  const names = unknownOptions(line);
  if (names.length === 0) return [];
  const [what, are] = names.length === 1 ? ['option', 'is'] : ['options', 'are'];
  return [
    finding(
      'key-line-not-understood',
      placeOf({ path, line }),
      `this line is not understood: the ${what} ${names.map((name) => `"${name}"`).join(', ')} ${are} not known here`,
      'Correct the name, or take the option out; this is the manual of the sshd here:',
      'man 8 sshd',
    ),
  ];
}
