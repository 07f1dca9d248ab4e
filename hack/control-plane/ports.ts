import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

// Below the range from which the kernel gives ports to outgoing connections (32768 on Linux),
// so that no client of ours takes a port between our asking and the server's listening.
const LOWEST = 16_384;
const HIGHEST = 32_767;
const ATTEMPTS = 200;
const given = new Set<number>();

/** A port that is kept busy until the server that will use it is about to start. */
export interface Reservation {
  readonly port: number;
  release(): Promise<void>;
}

/** Reserves a free port of the loopback address; never the same one twice in this process. */
export async function reservePort(): Promise<Reservation> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (given.has(port)) continue;
    const server = await listen(port);
    if (server === undefined) continue;
    given.add(port);
    return { port, release: () => close(server) };
  }
  throw new Error(
    `no free port between ${LOWEST} and ${HIGHEST} in ${ATTEMPTS} tries; stop other servers and try again`,
  );
}

/** Reserves several ports at once, by name. */
export async function reservePorts<Name extends string>(
  names: readonly Name[],
): Promise<Record<Name, Reservation>> {
  const reservations = await Promise.all(names.map(async (name) => [name, await reservePort()] as const));
  return Object.fromEntries(reservations) as Record<Name, Reservation>;
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server.unref()));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
