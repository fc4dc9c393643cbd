/** What a grant must have for each operation of a client's. Pure. */

import type { Operation } from '../command/request.ts';
import type { Grant, GrantedOperation } from './policy.ts';

/** One of these. */
export const GRANTED_AS: Record<Operation['kind'], readonly [GrantedOperation, ...GrantedOperation[]]> = {
  snaponly: ['pull'],
  init: ['init'],
  uninit: ['init'],
  initpull: ['init'],
  refreshpull: ['pull'],
  refreshcomplete: ['pull', 'init'],
  expire: ['expire'],
  state: ['pull', 'init'],
  list: ['read'],
  get: ['read'],
  send: ['send'],
};

export function isGranted({ operations }: Grant, { kind }: Pick<Operation, 'kind'>): boolean {
  return GRANTED_AS[kind].some((one) => operations.includes(one));
}

/** True for a grant by which snapshots are made. */
export function makesSnapshots(grant: Grant): boolean {
  return isGranted(grant, { kind: 'snaponly' }) || isGranted(grant, { kind: 'init' });
}
