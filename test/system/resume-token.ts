/** Real tokens: what zfs says of them, what we say, and that nothing which zfs rejects is a token to us. */

import { inflateSync } from 'node:zlib';
import t from 'tap';
import { makePair, writeData } from '../../lab/pair.ts';
import { isRefusal } from '../../src/refusal.ts';
import { formatResumeToken, parseResumeToken, type ResumeToken } from '../../src/zfs/resume-token.ts';
import { testsNeeding } from '../fixtures/system/capabilities.ts';
import { inGateLab } from '../fixtures/system/gate-lab.ts';
import { cutOffDirectly, fieldsOf, zstreamFields } from '../fixtures/system/partial.ts';
import { checkRefusal } from '../fixtures/system/refusal.ts';
import { makeSource, zrepName } from '../fixtures/system/source.ts';
import { FULL_TOKEN, tokenText } from '../fixtures/zfs/resume-token.ts';

const POLICY = `
[client.backup1]
[[client.backup1.grant]]
dataset = "tank/home"
operations = ["pull"]
resume = true
`;

/** Spellings that zfs takes for the same token. */
const LENIENCIES: Readonly<Record<string, (token: string) => string>> = {
  'upper case': (token) => token.toUpperCase(),
  'hexadecimal in upper case': (token) => token.replace(/[^-]*$/, (hex) => hex.toUpperCase()),
  'a digit more': (token) => `${token}0`,
  'a byte more': (token) => `${token}00`,
  'a leading zero': (token) => token.replace(/^1-/, '1-0'),
  'a plus': (token) => token.replace(/^1-/, '1-+'),
  '0x': (token) => token.replace(/^1-/, '1-0x'),
};

await inGateLab(t, POLICY, async (gate) => {
  const { fileserver, backup, tank, vault } = gate;
  const testNeeding = await testsNeeding(t, fileserver, ['resume', 'raw']);
  const home = zrepName(await makeSource(fileserver, `${tank}/home`), 0);
  const tokens: Record<string, string> = {};
  await gate.share();

  t.test('a token in another spelling is refused by the gate', async (t) => {
    for (const [what, respell] of Object.entries(LENIENCIES)) {
      t.comment(what);
      checkRefusal(t, await gate.ask(`zrep _refreshpull ${home} ${respell(FULL_TOKEN)}`), 'bad-token', 77);
    }
  });

  testNeeding(['resume', 'raw'], 'zstream says the same of each kind of token as we do', async (t) => {
    const { source, destination } = await makePair(gate, 'kinds');
    const key = '/run/lab/kinds.key';
    await fileserver.writeFile(key, Buffer.alloc(32, 1));
    const secret = `${tank}/kinds-encrypted`;
    await fileserver.script(`zfs set recordsize=1M ${source}
      zfs create -o encryption=on -o keyformat=raw -o keylocation=file://${key} ${secret}`);
    for (const dataset of [source, secret]) await writeData(fileserver, dataset, 'much', 2048);
    await fileserver.script(`zfs snapshot ${zrepName(source, 1)}; zfs snapshot ${zrepName(secret, 1)}`);
    const increment = ['-i', zrepName(source, 0), zrepName(source, 1)];
    for (const [kind, words, into] of [
      ['incremental', increment, destination],
      ['-c', ['-c', ...increment], destination],
      ['-L -c -e', ['-L', '-c', '-e', ...increment], destination],
      ['full', [zrepName(source, 1)], `${vault}/full`],
      ['raw', ['-w', zrepName(secret, 1)], `${vault}/raw`],
    ] as const) {
      tokens[kind] = await cutOffDirectly(gate, words, into);
      await backup.run(['zfs', 'receive', '-A', into]);
    }
    const said = await zstreamFields(fileserver, Object.values(tokens));
    for (const [index, [kind, token]] of Object.entries(tokens).entries()) {
      t.ok(said[index], `${kind}: zstream takes it`);
      t.same(fieldsOf(sound(token)), said[index], kind);
    }
    const flags = Object.values(tokens).map((token) => sound(token).features);
    const [large, full] = [
      ['largeblockok', 'embedok', 'compressok'],
      ['compressok', 'rawok'],
    ];
    t.same(flags, [[], ['compressok'], large, [], full], 'each kind has the flags that it was sent with');
  });

  testNeeding(['resume', 'raw'], 'zfs says the same of a token that was encoded anew', async (t) => {
    for (const [kind, token] of Object.entries(tokens)) {
      const plan = (text: string) => fileserver.run(['zfs', 'send', '-nvt', text]);
      const wanted = await plan(token);
      t.match(`${wanted.stdout}${wanted.stderr}`, 'total estimated size', kind);
      t.same(await plan(formatResumeToken(sound(token))), wanted, kind);
    }
  });

  testNeeding(['resume', 'raw'], 'other spellings are tokens to zfs, and not to us', async (t) => {
    const { raw: token = '' } = tokens;
    const wanted = fieldsOf(sound(token));
    const others = Object.values(LENIENCIES).map((respell) => respell(token));
    for (const [index, fields] of (await zstreamFields(fileserver, others)).entries()) {
      t.same(fields, wanted, `zfs: ${Object.keys(LENIENCIES)[index]}`);
    }
    t.same(
      others.filter((text) => !isRefusal(parseResumeToken(text))),
      [],
    );
  });

  testNeeding(
    ['resume', 'raw'],
    'of tokens with a character changed, left out or put in, none is one',
    async (t) => {
      for (const token of Object.values(tokens)) {
        const damaged = [...token].flatMap((_, at) => [
          token.slice(0, at),
          token.slice(0, at) + token.slice(at + 1),
          ...['0', '7', 'f', '-'].flatMap((digit) =>
            [token.slice(at), token.slice(at + 1)].map((rest) => token.slice(0, at) + digit + rest),
          ),
        ]);
        const taken = damaged.filter((text) => text !== token && !isRefusal(parseResumeToken(text)));
        t.same(taken, [], `of ${damaged.length}`);
      }
    },
  );

  testNeeding(
    ['resume', 'raw'],
    'what we take of tokens that are damaged inside, zstream reads as we do',
    async (t) => {
      const taken: string[] = [];
      for (const token of [tokens['-L -c -e'] ?? '', tokens['raw'] ?? '']) {
        const packed = inflateSync(Buffer.from(token.split('-')[3] ?? '', 'hex'));
        for (const at of packed.keys()) {
          const other = Buffer.from(packed);
          other.writeUInt8(packed.readUInt8(at) ^ 1, at);
          if (!isRefusal(parseResumeToken(tokenText(other)))) taken.push(tokenText(other));
        }
      }
      const said = await zstreamFields(fileserver, taken);
      t.ok(taken.length >= 72, `all bytes of nine numbers at least: ${taken.length}`);
      t.same(
        taken.map((token) => fieldsOf(sound(token))),
        said,
      );
    },
  );
});

function sound(token: string): ResumeToken {
  const parsed = parseResumeToken(token);
  if (isRefusal(parsed)) throw new Error(`${parsed.reason}: ${token}`);
  return parsed;
}
