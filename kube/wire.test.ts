import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Wire } from './wire.ts';

describe('the wire', () => {
  let server: Server;
  let wire: Wire;
  const sockets = new Set<Socket>();
  const listen = async (scheme: 'http' | 'https', onSocket: (socket: Socket, nth: number) => void) => {
    let accepted = 0;
    server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      onSocket(socket, ++accepted);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    wire = new Wire({ server: `${scheme}://127.0.0.1:${port}`, insecure: true });
  };
  afterEach(async () => {
    await wire.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    server.close();
  });

  it('offers no HTTP/2 to a TLS server, for a silent connection would hold every later call', async () => {
    const hello = new Promise<Buffer>((resolve) => {
      void listen('https', (socket) =>
        socket.once('data', (bytes) => {
          resolve(bytes);
          socket.destroy();
        }),
      ).then(() => wire.call({ method: 'GET', path: '/' }, { deadlineMs: 2_000 }).catch(() => undefined));
    });
    const offered = await hello;
    assert.ok(offered.includes('\u0008http/1.1'), 'a ClientHello with its list of protocols');
    assert.ok(!offered.includes('\u0002h2'));
  });

  it('loses one call to a connection that falls silent, and the next one goes through', async () => {
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}';
    await listen('http', (socket, nth) => {
      let answered = 0;
      socket.on('data', () => {
        if (nth > 1 || answered++ === 0) socket.write(answer);
      });
    });
    const get = (deadlineMs: number) => wire.call({ method: 'GET', path: '/' }, { deadlineMs });
    await get(2_000);
    await pause(10); // The connection is back in the pool.
    await assert.rejects(get(50), /Timeout/);
    assert.deepEqual(await get(2_000), {});
  });
});
