import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { FakeApiServer } from './fake-apiserver.ts';
import { LEASE } from './kinds.ts';
import { lead } from './leader.ts';
import type { Lease } from './lease.ts';
import { LeaseLost } from './lease-lost.ts';
import { ManualClock } from './manual-clock.ts';
import type { Transport } from './transport.ts';

const calls = new Set<symbol>();

/** Time stands still while a call is on its way, so a slow machine changes nothing. */
async function settle(): Promise<void> {
  do await setImmediate();
  while (calls.size > 0);
}

class Cut extends Error {}

/** A transport that can be cut off from the server: calls fail, or never answer. */
const cuttable = (transport: Transport): { transport: Transport; cut: (how: 'fails' | 'hangs') => void } => {
  let how: 'works' | 'fails' | 'hangs' = 'works';
  const through = new Proxy(transport, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (how === 'fails') return Promise.reject(new Cut('cut off'));
        if (how === 'hangs') return new Promise(() => undefined);
        const id = Symbol('call');
        calls.add(id);
        const call = Reflect.apply(value, target, args) as Promise<unknown>;
        return call.finally(() => calls.delete(id));
      };
    },
  });
  return { transport: through, cut: (next) => (how = next) };
};

describe('lead', () => {
  let server: FakeApiServer;
  let clock: ManualClock;
  let leading: Set<string>;
  let history: string[];
  let stops: AbortController[];

  beforeEach(async () => {
    server = await FakeApiServer.start();
    clock = new ManualClock(settle);
    leading = new Set();
    history = [];
    stops = [];
  });
  afterEach(async () => {
    for (const stop of stops) stop.abort();
    await clock.advance(20_000);
    await server.stop();
  });

  interface Candidate {
    stop: AbortController;
    cut: (how: 'fails' | 'hangs') => void;
    outcome: Promise<'stopped' | 'lost'>;
    reasons: unknown[];
  }

  const stand = (identity: string, drainMs = 0): Candidate => {
    const { transport, cut } = cuttable(server.transport());
    const stop = new AbortController();
    stops.push(stop);
    const reasons: unknown[] = [];
    const options = { transport, namespace: 'kube-system', name: 'test', identity, clock };
    const run = async (signal: AbortSignal): Promise<void> => {
      assert.deepEqual([...leading], [], `${identity} leads beside somebody else`);
      leading.add(identity);
      history.push(identity);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      reasons.push(signal.reason);
      if (drainMs > 0) await clock.sleep(drainMs);
      leading.delete(identity);
    };
    return { stop, cut, outcome: lead(options, run, stop.signal), reasons };
  };

  const lease = (): Lease => server.objects(LEASE)[0] as Lease;

  it('writes times with six digits, and renews them', async () => {
    stand('a');
    await clock.advance(1_000);
    const first = lease().spec;
    assert.match(first?.renewTime ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.equal(first?.leaseDurationSeconds, 15);
    assert.equal(first?.leaseTransitions, 0);
    await clock.advance(3_000);
    const later = lease().spec;
    assert.equal(later?.acquireTime, first?.acquireTime);
    assert.notEqual(later?.renewTime, first?.renewTime);
  });

  it('lets one of two lead, for as long as it renews', async () => {
    stand('a');
    stand('b');
    await clock.advance(60_000);
    assert.equal(history.length, 1);
    assert.equal(leading.size, 1);
  });

  for (const how of ['fails', 'hangs'] as const) {
    it(`replaces a leader whose connection ${how}, only after it has stopped`, async () => {
      const a = stand('a');
      await clock.advance(3_000);
      const b = stand('b');
      await clock.advance(3_000);
      a.cut(how);
      await clock.advance(25_000);
      assert.equal(await a.outcome, 'lost');
      assert.ok(a.reasons[0] instanceof LeaseLost);
      assert.deepEqual(history, ['a', 'b']);
      assert.equal(lease().spec?.holderIdentity, 'b');
      assert.equal(lease().spec?.leaseTransitions, 1);
      b.stop.abort();
    });
  }

  it('takes over from a leader that crashed, whatever its clock said', async () => {
    const renewTime = '2099-01-01T00:00:00.000000Z';
    const spec = { holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime, leaseTransitions: 4 };
    const metadata = { name: 'test', namespace: 'kube-system' };
    server.put(LEASE, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
    const b = stand('b');
    await clock.advance(14_900);
    assert.deepEqual(history, []);
    await clock.advance(1_000);
    assert.deepEqual(history, ['b']);
    assert.equal(lease().spec?.leaseTransitions, 5);
    // One failed renewal right after the takeover must not read as "gone holds it".
    b.cut('fails');
    await clock.advance(4_000);
    assert.deepEqual([...leading], ['b']);
  });

  it('survives an interruption shorter than the renew deadline', async () => {
    stand('a');
    stand('b');
    await clock.advance(2_500);
    server.faults.unavailable(3);
    await clock.advance(30_000);
    assert.equal(history.length, 1);
  });

  it('holds the lease until the work has drained, then gives it back at once', async () => {
    const a = stand('a', 12_000);
    await clock.advance(1_000);
    stand('b');
    await clock.advance(1_000);
    a.stop.abort(new Error('SIGTERM'));
    await clock.advance(11_000);
    assert.deepEqual(history, ['a']);
    assert.equal(lease().spec?.holderIdentity, 'a');
    await clock.advance(4_000);
    assert.equal(await a.outcome, 'stopped');
    assert.deepEqual(history, ['a', 'b']);
  });

  it('stops standing when asked to before it ever led', async () => {
    stand('a');
    await clock.advance(1_000);
    const b = stand('b');
    await clock.advance(1_000);
    b.stop.abort();
    await clock.advance(10);
    assert.equal(await b.outcome, 'stopped');
    assert.deepEqual(history, ['a']);
  });

  it('steps down when somebody takes the lease away', async () => {
    const a = stand('a');
    await clock.advance(3_000);
    const held = lease();
    server.put(LEASE, { ...held, spec: { ...held.spec, holderIdentity: 'thief' } });
    await clock.advance(3_000);
    assert.equal(await a.outcome, 'lost');
    assert.deepEqual([...leading], []);
  });

  it('passes on what the work throws, and gives the lease back', async () => {
    const { transport } = cuttable(server.transport());
    const options = { transport, namespace: 'kube-system', name: 'test', identity: 'a', clock };
    const failing = async (): Promise<void> => {
      throw new Error('no port');
    };
    const outcome = assert.rejects(lead(options, failing, new AbortController().signal), /no port/);
    await clock.advance(100);
    await outcome;
    assert.equal(lease().spec?.holderIdentity, '');
  });
});
