/** Sources that are not sent, as this host alone sees them: in the words that the client has for it. */

import fc from 'fast-check';
import t from 'tap';
import { tellUnsent, type Unsent, unsentSources } from '../../src/doctor/sources.ts';
import { policyFrom } from '../fixtures/policy/judge.ts';
import { listingOf } from '../fixtures/replication/listing.ts';

const HOST = '[zrep]\nsrc-host = "nas"\n';
const ENDS = 'zrep:src-fs=tank/home zrep:dest-fs=vault/home zrep:dest-host=backup zrep:savecount=9';
const PAIR = `${ENDS} zrep:src-host=nas zrep:master=yes`;
const LINE =
  'for p in zrep:src-fs=tank/home zrep:src-host=nas zrep:dest-fs=vault/home zrep:dest-host=backup zrep:savecount=9 zrep:master=yes; do zfs set $p tank/home; done';

async function unsent(listing: string, keys = '', host = HOST) {
  const policy = await policyFrom(
    `${host}[[client.backup1.grant]]\ndataset = "tank"\nsubtree = true\noperations = ["pull", "init"]\n${keys}`,
  );
  const client = policy.clients.get('backup1');
  const [grant] = client?.grants ?? [];
  if (client === undefined || grant === undefined) throw new Error('no grant');
  return unsentSources(listingOf(listing), client, grant, policy).map((one: Unsent) => {
    const { code, where, problem, remedy } = tellUnsent(one, policy);
    return [code, where, problem, ...remedy.lines];
  });
}

t.test('one that is sent is not told of, nor a copy, nor what lies below a pair', async (t) => {
  const inherited = PAIR.replaceAll(/(=\S+)/g, '$1<inherited');
  t.same(
    await unsent(`
      tank guid=1<-
      tank/home ${PAIR} keystatus=available<-
      tank/home@zrep_000001 guid=1<-
      tank/home/child ${inherited}
      tank/home/child@zrep_000001 guid=1<-
      tank/copy zrep:src-fs=other zrep:src-host=elsewhere zrep:dest-fs=tank/copy zrep:dest-host=nas
      tank/copy@zrep_000001 guid=1<-
      tank/plain guid=1<-
      tank/plain@daily guid=1<-`),
    [],
  );
});

t.test('a key that is not loaded, unless streams are raw', async (t) => {
  const listing = `tank/home ${PAIR} keystatus=unavailable<-`;
  t.same(await unsent(listing), [
    [
      'key-not-loaded',
      'tank/home',
      'the key of tank/home is not loaded on nas; the stream needs it, because vault/home is not a raw copy',
      'zfs load-key -r $(zfs get -H -o value encryptionroot tank/home)',
    ],
  ]);
  t.same(await unsent(listing, 'raw = "required"'), []);
  t.same(await unsent(listing, '', `${HOST}send-flags = ["-w"]\n`), []);
});

t.test('one whose properties came with a stream, or name another host', async (t) => {
  const moved = PAIR.replaceAll(/(=\S+)/g, '$1<received');
  t.same(await unsent(`tank/home ${moved}`), [
    [
      'source-received',
      'tank/home',
      'tank/home on nas has its zrep properties from a stream: it was moved, or restored',
      LINE,
    ],
  ]);
  t.same(await unsent(`tank/other ${moved}`), [], 'a second one of it is in nobody’s way');
  t.same(await unsent(`tank/home ${PAIR.replace('nas', 'former')}`), [
    [
      'source-renamed',
      'tank/home',
      'the properties of tank/home on nas name former as its host, which calls itself nas',
      'zfs set zrep:src-host=nas tank/home',
    ],
  ]);
});

t.test('one that was a pair and has no properties: its copy is asked', async (t) => {
  t.same(await unsent('tank/home guid=1<-\ntank/home@zrep_000001 guid=1<-'), [
    [
      'source-unconfigured',
      'tank/home',
      'tank/home on nas has no zrep properties: it was made anew, restored, or cleared',
      'zrep doctor',
    ],
  ]);
  t.same(
    (await unsent('tank/home guid=1<-\ntank/home@off_000001 guid=1<-', 'tags = ["zrep", "off"]')).map((one) =>
      one.at(-1),
    ),
    ['zrep -t off doctor'],
  );
  t.same(await unsent('tank/home guid=1<-\ntank/home@off_000001 guid=1<-'), [], 'of another tag');
});

t.test('whatever the properties are, nothing of them gets into a line that is not a name', async (t) => {
  const text = fc.string({ minLength: 1, maxLength: 12 }).map((one) => one.replaceAll(/[\s<]/g, ';'));
  await fc.assert(
    fc.asyncProperty(text, text, text, async (destFs, destHost, srcHost) => {
      const own = `zrep:src-fs=tank/home zrep:dest-fs=${destFs}<received zrep:dest-host=${destHost}<received`;
      for (const more of ['zrep:src-host=nas<received', `zrep:src-host=${srcHost} zrep:master=yes`])
        for (const [, , , ...lines] of await unsent(`tank/home ${own} ${more}`))
          for (const line of lines)
            if (
              !/^(?:for p in [\w:=/.@ -]+; do zfs set \$p|zfs set [\w:=.@-]+) tank\/home(?:; done)?$/.test(
                line ?? '',
              )
            )
              return false;
      return true;
    }),
    { numRuns: 500 },
  );
  t.pass();
});
