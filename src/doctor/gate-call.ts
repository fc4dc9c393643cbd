/** A forced command that calls the gate, word by word. Pure. */

export interface GateCall {
  /** The word for sudo, sudo-rs or doas, where the account needs it. */
  readonly sudo: string | undefined;
  /** An absolute path. */
  readonly program: string;
  readonly client: string;
  /** An absolute path, where it is not the default one. */
  readonly policy: string | undefined;
}

/** What no shell reads as anything but itself; authorize writes nothing else. */
const WORD = /^[A-Za-z0-9_./+@:%=,-]+$/;

/** True for a command that means the gate, whether or not it can be run. */
export function meansGate(command: string): boolean {
  return command.includes('zrep-gate') || parseGateCall(command) !== undefined;
}

/** `[sudo -n] /PROGRAM serve CLIENT [--policy /FILE]`, with single blanks or more; undefined for anything else. */
export function parseGateCall(command: string): GateCall | undefined {
  const words = command.split(' ').filter((word) => word !== '');
  if (!words.every((word) => WORD.test(word))) return undefined;
  const sudo =
    words[1] === '-n' && /^(?:\/.*\/)?(?:sudo(?:-rs)?|doas)$/.test(words[0] ?? '') ? words[0] : undefined;
  const [program = '', verb, client = '', option, policy = '', ...more] = words.slice(
    sudo === undefined ? 0 : 2,
  );
  if (!program.startsWith('/') || verb !== 'serve' || !/^[A-Za-z0-9]/.test(client) || more.length > 0)
    return undefined;
  if (option === undefined) return { sudo, program, client, policy: undefined };
  return option === '--policy' && policy.startsWith('/') ? { sudo, program, client, policy } : undefined;
}

/** The words that sudo is to run, or the shell where there is no sudo. */
export function gateWords({ program, client, policy }: GateCall): string[] {
  return [program, 'serve', client, ...(policy === undefined ? [] : ['--policy', policy])];
}
