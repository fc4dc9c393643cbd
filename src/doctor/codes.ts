/**
 * Everything that the doctor can find: one closed set of codes, with how bad each is and why it matters.
 * docs/doctor.md has the same list, and a test compares them.
 */

import { error, type Kind, NOT_LOOKED, note, unknown, warning } from '../severity.ts';

const SSHD = {
  'sshd-accepts-environment': error(
    'A client sets these itself. LD_PRELOAD and BASH_ENV act on the login shell, in front of anything of ours.',
  ),
  'sshd-accepts-more': warning('A client sets these itself; nothing that zrep sends needs them.'),
  'sshd-user-environment': warning(
    'Whoever can write to an authorized_keys line or ~/.ssh/environment sets what the login shell starts with.',
  ),
  'sshd-sets-environment': warning('These change what the login shell and node do before the gate begins.'),
  'sshd-force-command': error(
    'ForceCommand runs in place of the command in authorized_keys: the gate never does.',
  ),
  'sshd-account-denied': error('sshd turns this account away, whatever its key.'),
  'sshd-keys-off': error('The gate is reached by a key alone.'),
  'sshd-keys-elsewhere': note('Keys that come from elsewhere than a file are not looked at.'),
  'sshd-no-sessions': error('sshd allows no command at all.'),
  'sshd-tunnel': error(
    'Before OpenSSH 10.6, restrict in authorized_keys does not close this: the key gets a network interface, past the gate.',
  ),
  'sshd-channel-timeout': warning(
    'sshd closes a session that sends nothing for so long, and logs nothing: a stream that stalls is cut off.',
  ),
  'sshd-strict-modes': warning('sshd would believe an authorized_keys that others can write.'),
  'sshd-client-alive': warning('A client that vanished without a word keeps the lock of its file system.'),
  'sshd-log-level': note('Who logged in with which key is not on record.'),
  'root-password-login': error("Whoever guesses root's password needs neither key nor gate."),
  'root-login-open': warning('Only the setting for passwords keeps root from logging in with one.'),
  'root-login-closed': error('sshd lets root in for nothing, so that the gate is never reached.'),
  'root-open-key': warning(
    'A client that offers this key first loses the connection: sshd never tries the key of the gate behind it.',
  ),
  'root-other-keys': note("Any key of root's without a forced command gets a shell."),
} satisfies Record<string, Kind>;

const KEYS = {
  'no-gate-line': warning('No key reaches the gate.'),
  'client-without-key': note('This client cannot come in.'),
  'unknown-client': error('The gate refuses everything to a client that the policy does not have.'),
  'key-unrestricted': error('With this key sshd gives more than the one command: a way around the gate.'),
  'key-restriction-undone': error('What restrict closed is open again: a way around the gate.'),
  'key-environment': error('Variables in the line change what runs in front of the gate.'),
  'key-command-wrong': error(
    'The doctor knows no other form that reaches the gate, as root and with a clean environment.',
  ),
  'key-without-root': error("zfs and zrep's locks need root; the gate would run as the account."),
  'key-by-zfs-allow': note('zfs does for it what zfs allow says, and that is not looked at here.'),
  'key-sudo-as-root': warning(
    'root needs none of it, and its clean environment may lack what the client asked for.',
  ),
  'key-open-elsewhere': error('Whoever has this key has a shell here, past the gate.'),
  'key-other-command': warning('Whoever has this key can do more than the policy says.'),
  'key-twice': warning('sshd takes the first line that fits, and passes over the other.'),
  'key-in-two-accounts': note('Both ways in are open to this key; one is enough.'),
  'key-certificate-authority': warning('Every key that this one signs comes in.'),
  'key-from-differs': note('sshd and the policy each turn away other addresses, sshd without a reason.'),
  'key-line-ignored': warning('sshd passes over a line that it cannot read.'),
  'key-line-not-understood': unknown(
    'An sshd that reads the line differently may let its key in; one that cannot read it passes over it.',
  ),
  'key-expired': error('sshd refuses this key since then: the client cannot log in by it.'),
  'key-type-refused': error('sshd accepts no key of this type: the client cannot log in by it.'),
  'gate-missing': error("The key's command cannot run."),
  'gate-not-this': warning('Clients get another gate than the one that was asked here.'),
  'gate-not-launcher': error('node would act on variables of the environment before the gate begins.'),
} satisfies Record<string, Kind>;

const ACCOUNT = {
  'account-locked': error('sshd without PAM lets nobody into a locked account.'),
  'account-locked-pam': note('It works only for as long as sshd has UsePAM yes.'),
  'account-expired': error('sshd lets nobody into an expired account, or wants a new password first.'),
  'account-password': error('Whoever guesses the password gets a shell, past the gate.'),
  'account-shell-closed': error('sshd runs the forced command by the login shell: nothing runs.'),
  'account-shell-reads-files': warning(
    'It reads files and variables of its own first; sh (dash) reads none.',
  ),
  'shell-start-file': note(
    'bash reads it first, also for a forced command; what it prints ends up in the stream.',
  ),
  'account-not-roots': error(
    'Whoever can write here can change the forced command, and what the login shell does.',
  ),
  'keys-unreadable': error('sshd reads the file as the account itself, and finds no key.'),
} satisfies Record<string, Kind>;

const SUDO = {
  'sudo-missing': error('The forced command calls it.'),
  'sudoers-broken': error(
    'sudo ignores a line that it cannot read and prints it to every client, or it refuses everything.',
  ),
  'sudo-rule-missing': error('sudo refuses the forced command.'),
  'sudo-asks-password': error('sudo -n refuses where it would ask.'),
  'sudo-rule-too-wide': error('The account can become root for more than the gate.'),
  'sudo-keeps-dangerous': error('These change what runs as root before the gate begins.'),
  'sudo-keeps-more': warning('The gate needs none of these.'),
  'sudo-drops-command': error('The gate is not told what the client asked for.'),
  'sudo-drops-address': error(
    "The gate is not told where the client is, so the policy's addresses fit nothing.",
  ),
  'sudo-env-reset-off': error("Everything in the account's environment reaches what runs as root."),
  'sudo-setenv': error('The account may set any variable for what runs as root.'),
  'sudo-wants-terminal': error('A forced command has no terminal, and sudo then refuses to run it.'),
  'sudo-noexec': error('The gate cannot start zfs.'),
  'sudo-logs-stream': warning('sudo carries every byte of a stream itself, and writes it to its logs.'),
  'sudo-no-secure-path': note(
    'Nothing of the gate is looked up by PATH, but what else root runs by sudo is.',
  ),
} satisfies Record<string, Kind>;

const HOST = {
  'file-not-roots': error(
    'Who can write here, or put another file in its place, is root by way of the gate.',
  ),
  'program-missing': error('The gate starts it.'),
  'rundir-not-roots': error(
    "Who can write here can hold zrep's lock for ever, or all the seats of a client, or take them away.",
  ),
  'rundir-missing': error("Nobody can take zrep's lock: every pull and every expiry fails."),
  'filter-missing': warning('A client that names this filter gets an error.'),
  'node-old': error('The gate needs Node 18.19 or newer.'),
  'policy-unusable': error('Nothing is allowed until it is mended.'),
  'policy-not-roots': error('The gate does not believe it, and allows nothing.'),
  'policy-example': error('The policy does not do what its author wrote down.'),
  'dataset-missing': warning('The grant allows nothing.'),
  'dataset-not-master': warning(
    'A pull, and an expiry, are refused until the pair is made, or this host its master.',
  ),
  'pool-under-free-space': error(
    'The gate refuses every new snapshot, unless one that is due to expire makes room: backups stop.',
  ),
  'snapshots-at-limit': error(
    'The gate refuses a new snapshot, unless an older one is due to expire: backups stop.',
  ),
  'limit-below-floor': warning(
    'Expiring leaves so many that the gate will refuse every new snapshot, for ever.',
  ),
  'key-not-loaded': error('zfs send of an encrypted file system needs its key, unless the stream is raw.'),
  'source-received': error('Nobody has made it the source on this host, so nothing is sent.'),
  'source-renamed': error('It is taken for the source on another host, and nothing is sent.'),
  'source-unconfigured': warning('Without them it is no source, and nothing is sent.'),
  'not-backed-up': warning('If it is lost, it is lost: the client may pull it, and nothing does.'),
  'zfs-fails': error('The gate gets the same answer.'),
  'dataset-lock-stale': note('The next zrep takes it over by itself.'),
  'global-lock-stale': warning(
    'The gate breaks it when it needs it, but a stock zrep waits for it for ever.',
  ),
  'break-lock-stale': warning(
    'While it is there, the gate cannot break the global lock of a zrep that died.',
  ),
  'global-lock-unreadable': error(
    'Nobody can tell whether its holder lives, so everybody waits, and then gives up.',
  ),
  'syslog-missing': error('No record can be written; where the policy requires one, everything is refused.'),
  'syslog-nobody-listens': warning('It looks as if no record could be written.'),
  'audit-file-unusable': error(
    'No record can be written; where the policy requires one, everything is refused.',
  ),
  'audit-folder-not-roots': warning('Who can write here can take records away.'),
  'audit-file-not-rotated': note('It grows until the disk is full, and then everything is refused.'),
  'audit-off': warning('Nobody will know what was asked, nor what was done.'),
  'not-looked': NOT_LOOKED,
} satisfies Record<string, Kind>;

export const CODES = { ...SSHD, ...KEYS, ...ACCOUNT, ...SUDO, ...HOST };

export type Code = keyof typeof CODES;
