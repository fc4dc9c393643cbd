/** What sshd, and sudo behind it, hand to a forced command. */

export interface GateRequest {
  /** Ties this request's audit records together; unique on this host. */
  readonly id: string;
  /** The label in authorized_keys: which client this key stands for. */
  readonly client: string;
  /** What the client asked for; empty when it asked for a shell. */
  readonly command: string;
  /** Where it connects from; undefined when sshd did not say. */
  readonly address: string | undefined;
  /** Epoch milliseconds. */
  readonly time: number;
}

/** The `number`th command of the session that `request` asked for: a request of its own, under an id of its own. */
export function requestInSession(
  request: GateRequest,
  command: string,
  number: number,
  time: number,
): GateRequest {
  return { ...request, id: `${request.id}-${number.toString(36)}`, command, time };
}

/** The request in `environment` (sshd(8), ENVIRONMENT). */
export function readRequest(
  client: string,
  environment: NodeJS.ProcessEnv,
  time: number,
  pid: number,
): GateRequest {
  const [address] = (environment['SSH_CONNECTION'] ?? '').split(' ');
  return {
    id: `${time.toString(36)}-${pid.toString(36)}`,
    client,
    command: environment['SSH_ORIGINAL_COMMAND'] ?? '',
    address: address === '' ? undefined : address,
    time,
  };
}
