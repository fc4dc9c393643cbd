/** The node that runs the gate, and the gate that a line names. */

import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { lookAtGate, lookAtNode } from '../../src/doctor/programs.ts';
import { gateLine, KEY, ROOT, SOUND } from '../fixtures/doctor/lines.ts';
import { makeFolder } from '../fixtures/gate/policy.ts';

t.test('node is 18.19 or newer', (t) => {
  const old = (version: string) => lookAtNode(version, '/bin/sh').some(({ code }) => code === 'node-old');
  t.same(['16.20.2', '18.18.9', '4.99.0'].map(old), [true, true, true]);
  t.same(['18.19.0', '20.20.2', '22.0.0', '100.1.0'].map(old), [false, false, false, false]);
  t.end();
});

t.test('the gate in a line is there, can be run, is the one that was asked, and is its launcher', (t) => {
  const folder = makeFolder(t);
  for (const name of ['dist', 'old']) mkdirSync(`${folder}/${name}`);
  const write = (name: string, text: string, mode: number) => {
    writeFileSync(`${folder}/${name}`, text);
    chmodSync(`${folder}/${name}`, mode);
  };
  write('dist/gate', '#!/bin/sh -p\n', 0o755);
  write('dist/bundle.cjs', '#!/usr/bin/env node\n', 0o755);
  write('dist/plain', '#!/bin/sh -p\n', 0o644);
  write('old/gate', '#!/bin/sh -p\n', 0o755);
  symlinkSync('dist/gate', `${folder}/link`);
  const codes = (program: string, own = 'dist/gate') => {
    const gate = gateLine(ROOT, `${SOUND.replace('/usr/bin/zrep-gate', `${folder}/${program}`)} ${KEY}`);
    // The test's folder lies in /tmp.
    return lookAtGate(gate, `${folder}/${own}`)
      .map(({ code }) => code)
      .filter((code) => code !== 'file-not-roots');
  };
  t.same(codes('dist/gate'), []);
  t.same(codes('link'), []);
  t.same(codes('gone'), ['gate-missing']);
  t.same(codes('dist'), ['gate-missing']);
  t.same(codes('dist/plain'), ['gate-missing']);
  t.same(codes('old/gate'), ['gate-not-this']);
  t.same(codes('dist/bundle.cjs'), ['gate-not-launcher']);
  t.same(codes('dist/bundle.cjs', 'dist/bundle.cjs'), [], 'where there is no launcher, none is missed');
  t.end();
});
