import { createServer } from 'node:http';
import type { Server } from 'node:http';

/** HTTP servers that play replicas: each answers with its region after the delay of the way there. */
export class EchoServers {
  readonly #servers: Server[] = [];
  /** One way and back, milliseconds, by region. */
  readonly delays = new Map<string, number>();

  /** A replica of a region on an address of its own. */
  async open(region: string, host: string, port: number): Promise<void> {
    const server = createServer((request, answer) => {
      request.resume();
      setTimeout(() => answer.end(region), this.delays.get(region) ?? 0);
    });
    server.keepAliveTimeout = 60_000;
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
  }

  /** Ends them. */
  close(): void {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}
