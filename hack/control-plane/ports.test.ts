import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { reservePort, reservePorts } from './ports.ts';

describe('ports', () => {
  it('gives each name a port of its own, below those of outgoing connections', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `p${index}`);
    const reservations = Object.values(await reservePorts(names));
    const ports = reservations.map(({ port }) => port);
    assert.equal(new Set(ports).size, names.length);
    assert.ok(ports.every((port) => port >= 16_384 && port < 32_768));
    await Promise.all(reservations.map((reservation) => reservation.release()));
  });

  it('keeps a port busy until it is released', async () => {
    const reservation = await reservePort();
    const listen = async (): Promise<void> => {
      const server = createServer().listen(reservation.port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
    };
    await assert.rejects(listen, { code: 'EADDRINUSE' });
    await reservation.release();
    await listen();
    await reservation.release(); // a second time is harmless
  });
});
