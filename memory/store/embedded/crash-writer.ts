import { TEST_ENCODER, traceOf } from '#memory/test-traces.ts';
import { openEmbedded } from './embedded-store.ts';

/** Program that is killed: puts traces from `first` on in batches of 1 to 40, and prints how far it was told that they are there. */
const [path = '', first = '0'] = process.argv.slice(2);
const store = await openEmbedded({ path, space: { dimension: 16, encoderVersion: TEST_ENCODER } });
let next = Number(first);
process.stdout.write(`${next}\n`);
for (;;) {
  const count = 1 + ((next * 7919) % 40);
  await store.put(Array.from({ length: count }, (_, i) => traceOf(next + i)));
  next += count;
  process.stdout.write(`${next}\n`);
}
