/** syslog-client 1.1.1 has no types of its own: what is used of it, from its source. */
declare module 'syslog-client' {
  import type { EventEmitter } from 'node:events';

  export const Transport: { readonly Tcp: 1; readonly Udp: 2 };

  export class Client extends EventEmitter {
    constructor(target: string, options: { port: number; transport: 1 | 2; tcpTimeout: number });
    /** Makes the bytes that go out; replaced by ours. */
    buildFormattedMessage(message: string, options: object): Buffer;
    log(message: string, callback: (error?: Error) => void): this;
    close(): this;
  }
}
