import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { answerTo, PACKET_BYTES } from '../../prober/packet.ts';

// Answers its own prober as another node would, from a thread that sleeps in between: what that takes is what the machine takes.
const { address, port } = workerData as { address: string; port: number };
const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
socket.on('message', (bytes, from) => {
  if (from.port === port && from.address === address && bytes.length === PACKET_BYTES)
    socket.send(answerTo(bytes), from.port, from.address, () => undefined);
});
socket.bind(0, address, () => parentPort?.postMessage(socket.address().port));
