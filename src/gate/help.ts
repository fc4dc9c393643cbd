/** What --help adds to the list of options: how things hang together. */

export const ADMIN_HELP = `
Grant a backup server a dataset, and revoke the client:
  zrep-gate grant NAME DATASET --key 'ssh-ed25519 ...'
  zrep-gate revoke NAME

A client's key in root's authorized_keys carries  command="zrep-gate serve NAME".
Whatever that client sends is parsed, judged by [client.NAME] of the policy, put
on record, and only then run.

See it work, and whether it is set up right:
  zrep-gate explain --client NAME -- 'COMMAND'
  zrep-gate doctor

Exit codes: 0 good, 1 bad (a denied command, an unsound policy), 2 usage or policy error.`;

export const SERVE_HELP = `
Exit codes:
   0  done
  64  serve itself was called wrongly (see authorized_keys)
  70  an error in zrep-gate; the log has it
  74  the audit record could not be written, and the policy requires one
  75  locked by another zrep, or a limit is reached; try again later
  77  refused; the reason is on standard error and in the log
  78  the policy is not usable; run zrep-gate check
 128+N  ended by signal N
 other  zfs's own exit code; 1 in place of 255, which is ssh's`;

export const EXPLAIN_HELP = `
Examples:
  zrep-gate explain --client backup1 -- 'zrep snaponly tank/home'
  zrep-gate explain --client backup1 --from 192.0.2.10 --json -- 'zrep _refreshpull tank/home@zrep_00000a'
  zrep-gate explain --client backup1 -- 'zrep _init tank/home backup pool/home 5'

Exit codes: 0 allow, 1 deny, 2 usage or policy error.`;

export const DOCTOR_HELP = `
Run it as root, on the fileserver. It changes nothing and writes to no log; for each
thing that is wrong it says where, why it matters, and the line to write. Every code
is explained in docs/doctor.md.

Examples:
  zrep-gate doctor
  zrep-gate doctor --json --client backup1

Exit codes, as monitoring plugins have them: 0 nothing wrong, or notes alone;
1 warnings; 2 errors; 3 something could not be looked at, or a wrong option.`;

export const GRANT_HELP = `
Run it as root, on the fileserver; zrep pair, on the backup server, prints the line.
It shows what it adds to the policy and to which authorized_keys, names open lines
that are in the way, asks, writes, and then runs check and doctor. What is there
already stays as it is. Without a terminal it changes nothing, unless --yes is given.

Examples:
  zrep-gate grant backup1 tank/home --key 'ssh-ed25519 AAAA... root@backup1'
  zrep-gate grant backup1 tank/home --key /root/backup1.pub --operations pull,expire
  zrep-gate grant backup1 tank/home --key /root/backup1.pub --sudo zrep -n

Exit codes: 0 it is in place, or -n; 1 nothing was changed, or check or doctor finds
an error; 2 usage.`;

export const REVOKE_HELP = `
Run it as root, on the fileserver. Without a dataset it takes out all that the policy
grants to the client, each line of an authorized_keys that is for it, and its sudo
rule. With one it takes out that grant alone, and the key stays. Then it ends what
runs for the client: streams end, locks are released, records say "interrupted".
It shows all of that first, asks, and prints what stays, with the command for it: a
file that it cannot write, a line that it does not understand, another policy.

Examples:
  zrep-gate revoke backup1
  zrep-gate revoke backup1 tank/mail
  zrep-gate revoke backup1 -n

Exit codes: 0 it is done, or -n; 1 nothing was changed, or something stays; 2 usage.`;
