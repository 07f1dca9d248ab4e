import assert from 'node:assert/strict';
import { type Part, runParts, untilStopped } from './main.ts';

const untilAborted: Part = (signal) =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

describe('runParts', () => {
  it('ends well when it was asked to', async () => {
    const stop = new AbortController();
    const running = runParts(stop.signal, [untilAborted, untilAborted]);
    stop.abort();
    await running;
  });
  it('a part that fails stops the others, and its error comes out', async () => {
    let stopped = false;
    const other: Part = async (signal) => {
      await untilAborted(signal);
      stopped = true;
    };
    const failing: Part = async () => {
      throw new Error('no port');
    };
    await assert.rejects(runParts(new AbortController().signal, [other, failing]), /no port/);
    assert.equal(stopped, true);
  });
  it('a part that ends early is a failure', async () => {
    const early: Part = async () => undefined;
    await assert.rejects(runParts(new AbortController().signal, [untilAborted, early]), /ended before/);
  });
  it('a failure during the stop comes out too', async () => {
    const stop = new AbortController();
    const late: Part = async (signal) => {
      await untilAborted(signal);
      throw new Error('not flushed');
    };
    const running = runParts(stop.signal, [late, untilAborted]);
    stop.abort();
    await assert.rejects(running, /not flushed/);
  });
});

describe('untilStopped', () => {
  it('aborts on the first SIGTERM and leaves the second to Node', () => {
    const before = process.listenerCount('SIGTERM');
    const signal = untilStopped();
    process.emit('SIGTERM', 'SIGTERM');
    assert.equal(signal.aborted, true);
    assert.equal(process.listenerCount('SIGTERM'), before);
  });
});
