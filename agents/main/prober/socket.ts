import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { OWN } from '../../prober/prober.ts';
import { startEcho } from './echo.ts';

/** A UDP socket that asks and answers; one port for both, the same on every node. */
export interface ProbeSocket {
  readonly family: 4 | 6;
  readonly port: number;
  /** Sends to the same port of another address, or to this process's own echo; a packet that cannot be sent is lost, as on the wire. */
  send(bytes: Buffer, address: string): void;
  close(): Promise<void>;
}

/** Monotonic time in microseconds. */
export const monotonicMicros = (): number => Number(process.hrtime.bigint()) / 1000;

const MOST_QUEUED_BYTES = 256 * 1024;

/** Binds it; rejects with what to do when the address or the port cannot be had. */
export async function openProbeSocket(
  where: { readonly address: string; readonly port: number },
  hear: (bytes: Buffer, address: string, atMicros: number) => void,
): Promise<ProbeSocket> {
  const family = isIPv6(where.address) ? 6 : 4;
  // Addresses only: a name is never looked up.
  const lookup = (
    host: string,
    _options: unknown,
    done: (error: null, address: string, family: number) => void,
  ): void => done(null, host, family);
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    lookup,
    recvBufferSize: MOST_QUEUED_BYTES,
  });
  const port = await bind(socket, where);
  const own = where.address === '0.0.0.0' ? '127.0.0.1' : where.address === '::' ? '::1' : where.address;
  const echo = await startEcho(own, port);
  socket.on('message', (bytes, from) => {
    const atMicros = monotonicMicros();
    // Probes come from the probe port; whatever else talks to us is not answered.
    if (from.port === port) hear(bytes, from.address, atMicros);
    else if (from.port === echo.port && from.address === echo.address) hear(bytes, OWN, atMicros);
  });
  // What a socket reports after it is bound (an unreachable peer, say) is about one packet, and that packet is lost.
  socket.on('error', () => undefined);
  return {
    family,
    port,
    send: (bytes, address) => {
      if (address === OWN) socket.send(bytes, echo.port, echo.address, () => undefined);
      else socket.send(bytes, port, address, () => undefined);
    },
    close: async () => {
      await echo.close();
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

async function bind(
  socket: Socket,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('error', reject);
  socket.bind({ address, port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    const fix =
      why === 'EADDRINUSE'
        ? 'something else listens there: end it, or give every prober another --probe-port'
        : 'give --address one of the addresses of this machine';
    throw new Error(`cannot listen on UDP ${address} port ${port} (${why}): ${fix}`, { cause: error });
  }
  socket.off('error', reject);
  return socket.address().port;
}
