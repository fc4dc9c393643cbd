/** Records as real log daemons take them, and what happens when one does not. */

import t, { type Test } from 'tap';
import type { Host } from '../../lab/host.ts';
import { type Logged, loggedFor, loggedOn } from '../fixtures/system/audit-log.ts';
import { type GateLab, inGateLab, snapshotNames } from '../fixtures/system/gate-lab.ts';
import { checkRefusal, idIn } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';

const GRANT = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull"]
`;
const FILE = '/var/log/zrep-gate/audit.jsonl';

/** What a client might send to look like a line, a field or a record of its own, and how it stands in a record. */
const HOSTILE: Record<string, string> = {
  'a\nNov 23 09:00:00 fileserver sshd[1]: Accepted': 'a\\nNov 23 09:00:00 fileserver sshd[1]: Accepted',
  'a\r<34>1 2026-11-23T09:00:00Z forged': 'a\\x0d<34>1 2026-11-23T09:00:00Z forged',
  'a" verdict="allow" x="': 'a" verdict="allow" x="',
  'a"] [forged@32473 verdict="allow"]': 'a"] [forged@32473 verdict="allow"]',
  'a\\" verdict=\\"allow': 'a\\\\" verdict=\\\\"allow',
  'a\x1b[2J\x07\x7f': 'a\\x1b[2J\\x07\\x7f',
  'a\u202e\u2028é': 'a\\u202e\\u2028\\xe9',
  'a%n$!all-json%{}': 'a%n$!all-json%{}',
  '#011 #012': '#011 #012',
};

/** Stops the host's rsyslogd and writes to its socket until that takes no more. */
const STOP_SYSLOG = `
kill -STOP "$(cat /run/rsyslogd.pid)"
for attempt in $(seq 2000); do
  timeout -s KILL 0.5 logger --socket-errors=on full 2>/dev/null || exit 0
done
exit 1`;

await inGateLab(t, GRANT, async (gate) => {
  const { fileserver, backup, tank, ask, policy } = gate;
  const home = await makeSource(fileserver, `${tank}/home`);
  const server = `${backup.address}:${backup.syslogPort}`;
  await fileserver.run(['install', '-d', '-m', '700', '/var/log/zrep-gate']);
  await gate.share();
  const audit = (lines: string) => policy(`[audit]\n${lines}\n${GRANT}`);

  for (const [name, syslog, host] of [
    ['the local socket', 'local', fileserver],
    ['UDP', `udp://${server}`, backup],
    ['TCP', `tcp://${server}`, backup],
  ] as const) {
    t.test(
      `over ${name} decision and result arrive whole and parsed, as they stand in the file`,
      async (t) => {
        await audit(`syslog = "${syslog}"\nfile = "${FILE}"`);
        const { stdout: snapshot } = await ask(`zrep snaponly ${home}`);
        const [last] = (await linesOf(fileserver)).slice(-1);
        const records = await loggedFor(host, String(last?.['id']), 2);
        checkEnvelope(t, records, name, fileserver);
        t.match(
          records.map(({ fields }) => fields),
          [
            {
              event: 'decision',
              client: 'backup1',
              from: backup.address,
              verdict: 'allow',
              operation: 'snaponly',
              dataset: home,
            },
            { event: 'result', outcome: 'done', snapshot, exit: '0', ms: /^\d+$/ },
          ],
        );
        t.equal(records[0]?.fields['command'], `zrep snaponly ${home}`);
        await sameAsInFile(t, fileserver, records);
      },
    );

    t.test(`over ${name} nothing that a client sends ends a line, a field or a record`, async (t) => {
      const before = (await loggedOn(host)).length;
      const expected = [];
      for (const [sent, stands] of Object.entries(HOSTILE)) {
        const command = `zrep snaponly ${sent}`;
        const id = idIn(await ask(command));
        const records = await loggedFor(host, id, 1);
        t.same(
          records.map(({ fields }) => [fields['verdict'], fields['command']]),
          [['deny', `zrep snaponly ${stands}`]],
        );
        await sameAsInFile(t, fileserver, records);
        expected.push(id);
      }
      const after = (await loggedOn(host)).slice(before);
      t.same(
        after.map(({ fields }) => fields['id']),
        expected,
        'one record each, and no other',
      );
    });

    t.test(`over ${name} the longest command arrives, cut where the documentation says`, async (t) => {
      const long = '"'.repeat(100_000);
      const records = await loggedFor(host, idIn(await ask(long)), 1);
      t.match(records[0]?.fields['command'], /^"{1000,1024}/);
      t.equal(records[0]?.fields['code'], 'too-long');
      await sameAsInFile(t, fileserver, records);
    });
  }

  t.test('the file is for root alone, and every record a line of its own when several write', async (t) => {
    await audit(`syslog = "off"\nfile = "${FILE}"`);
    await fileserver.run(['rm', FILE]);
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => ask(`zrep refresh ${index}${'x'.repeat(900)}`)),
    );
    t.equal((await fileserver.run(['stat', '-c', '%a %U', FILE])).stdout, '600 root\n');
    t.equal((await linesOf(fileserver)).length, 8);
  });

  const unwritable: Record<string, readonly [string, string, RegExp]> = {
    'a socket that is not there': ['syslog = "local:/run/nowhere"', '', /\/run\/nowhere/],
    'a socket that is a file': ['syslog = "local:/etc/hostname"', '', /\/etc\/hostname/],
    'a TCP server that is down': [`syslog = "tcp://${backup.address}:9"`, '', /ECONNREFUSED/],
    'a TCP server behind a hole': ['syslog = "tcp://10.77.0.99:514"', '', /no answer within|EHOSTUNREACH/],
    'a server whose name leads nowhere': ['syslog = "udp://log.invalid:514"', '', /log\.invalid/],
    'a file in a folder that is not there': ['syslog = "off"\nfile = "/var/log/none/a"', '', /ENOENT/],
    'a file that is a folder': ['syslog = "off"\nfile = "/var/log"', '', /EISDIR/],
    'a file that is a symbolic link': [
      'syslog = "off"\nfile = "/run/lab/link"',
      'ln -s /run/lab/x /run/lab/link',
      /ELOOP/,
    ],
    'a file that is a FIFO': ['syslog = "off"\nfile = "/run/lab/fifo"', 'mkfifo /run/lab/fifo', /ENXIO/],
    'a full file system': [
      'syslog = "off"\nfile = "/run/full/audit"',
      'mkdir /run/full; mount -t tmpfs -o size=4k tmpfs /run/full; head -c 4096 /dev/zero >/run/full/audit',
      /ENOSPC/,
    ],
    'a log daemon that does not read': [
      'syslog = "local"',
      STOP_SYSLOG,
      /did not take the record within 2000 ms/,
    ],
  };
  for (const [name, [lines, prepare, complaint]] of Object.entries(unwritable)) {
    t.test(`${name}: nothing runs where records are required, and all does where they are not`, async (t) => {
      if (prepare !== '') await fileserver.script(prepare);
      const before = await snapshotNames(fileserver, home);
      await audit(`${lines}\nrequired = true`);
      await unrecorded(t, gate, complaint);
      t.same(await snapshotNames(fileserver, home), before, 'nothing was made');

      await audit(`${lines}\nrequired = false`);
      const { code, stdout, stderr } = await ask(`zrep snaponly ${home}`);
      t.same({ code, stdout }, { code: 0, stdout: zrepName(home, before.length) });
      const [decision = '', result = '', ...rest] = stderr.split('\n');
      for (const line of [decision, result]) t.match(line, complaint);
      t.same(rest, [''], 'the fault is named for each record, and nothing else is said');
    });
  }
});

async function linesOf(host: Host): Promise<Record<string, string | number>[]> {
  const lines = (await host.readFile(FILE)).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}

/** Checks that the file has the same fields for the same records. */
async function sameAsInFile(t: Test, host: Host, records: readonly Logged[]): Promise<void> {
  const lines = await linesOf(host);
  for (const { fields, severity } of records) {
    const line = lines.find(({ id, event }) => id === fields['id'] && event === fields['event']);
    const { time, ...rest } = line ?? {};
    t.match(time, /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);
    const strings = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]));
    t.same(strings, { severity, ...fields });
  }
}

function checkEnvelope(t: Test, records: readonly Logged[], name: string, { name: hostname }: Host): void {
  for (const record of records) {
    t.match(record, {
      hostname,
      program: 'zrep-gate',
      procid: /^\d+$/,
      facility: 'authpriv',
      severity: 'notice',
    });
    if (name === 'the local socket') continue;
    t.equal(record.input, name === 'UDP' ? 'imudp' : 'imtcp');
    t.equal(record.msgid, record.fields['event']);
    t.same(Object.keys(record['rfc5424-sd'] ?? {}), ['zrep-gate@32473']);
  }
}

/** Checks that a pull is refused for want of a record, and that the sink's fault is named in front of it. */
async function unrecorded(t: Test, { ask, tank }: GateLab, complaint: RegExp): Promise<void> {
  const result = await ask(`zrep snaponly ${tank}/home`);
  const [fault = '', ...refusal] = result.stderr.split('\n');
  t.match(fault, /^zrep-gate: audit: [\x20-\x7e]+$/);
  t.match(fault, complaint);
  checkRefusal(t, { ...result, stderr: refusal.join('\n') }, 'audit-unavailable', 74);
}
