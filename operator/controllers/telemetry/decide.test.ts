import assert from 'node:assert/strict';
import fc from 'fast-check';
import { givenDag, givenPlan, NOON } from '../../given.ts';
import type { CachedDag, CachedPlan } from '../../objects.ts';
import type { Measured } from '../../telemetry/measured.ts';
import { decide, NOTHING } from './decide.ts';
import type { Decision, Input, State } from './decide.ts';

const PERIOD_MS = 15_000;
const DAG = givenDag({
  qos: { maxLatency: '20ms', minSuccess: '0.99' },
  ingress: [{ region: 'north', requestsPerSecond: '100' }],
});

const seen = (
  over: { rate?: number; latencyMs?: number; errorShare?: number; north?: number } = {},
): Measured => {
  const { rate = 100, latencyMs = 10, errorShare = 0, north = 70 } = over;
  const calls = { rate, meanMicros: latencyMs * 1_000, p99Micros: latencyMs * 2_000, errorShare };
  const groups = new Map([
    ['north', { ...calls, rate: (north / 100) * rate }],
    ['south', { ...calls, rate: (1 - north / 100) * rate }],
  ]);
  return {
    edges: new Map([['front>back', { ...calls, groups }]]),
    entries: new Map([['front', { ...calls, byRegion: new Map<string, number>() }]]),
  };
};

/** Looks one after another, a period apart; what each was given says what is different. */
class Story {
  state: State = NOTHING;
  nowMs = NOON;
  plan: CachedPlan = givenPlan();
  dag: CachedDag = DAG;
  replannedMs: number | undefined;
  last: Decision | undefined;
  told = 0;

  look(over: Partial<Input> = {}): Decision {
    this.last = decide(this.state, {
      dag: this.dag,
      plan: this.plan,
      isPlaced: true,
      isAsPlanned: true,
      utilisation: 0.5,
      measured: seen(),
      failure: undefined,
      replannedMs: this.replannedMs,
      periodMs: PERIOD_MS,
      windowMs: 60_000,
      nowMs: this.nowMs,
      ...over,
    });
    this.state = this.last.state;
    this.nowMs += PERIOD_MS;
    this.told += Number(this.last.isNews);
    return this.last;
  }

  looks(count: number, over: Partial<Input> = {}): Decision {
    for (let i = 1; i < count; i++) this.look(over);
    return this.look(over);
  }

  said(): string {
    const verdict = this.state.told?.verdict;
    return `${verdict?.status} ${verdict?.reason}: ${verdict?.message}`;
  }
}

const away = {
  measured: undefined,
  failure: { reason: 'SourceUnreachable', message: 'no answer (ECONNREFUSED)' },
};

describe('looks at measurements', () => {
  it('tells what is measured, once', () => {
    const story = new Story();
    assert.ok(story.look().isNews);
    assert.match(
      story.said(),
      /^True Measured: the entry and 1 of 1 edges are measured; plans count on 100 requests\/s from north \(100 declared\)$/,
    );
    assert.deepEqual(story.state.told?.observed, {
      latencyMicros: 10_000,
      p99LatencyMicros: 20_000,
      successPpm: 1_000_000,
    });
    assert.deepEqual(
      story.state.told?.shares.get('front>back'),
      new Map([
        ['north', 700_000],
        ['south', 300_000],
      ]),
    );
    assert.deepEqual(story.state.told?.edges.get('front>back'), {
      requestsPerSecondMilli: 100_000,
      latencyMicros: 10_000,
      p99LatencyMicros: 20_000,
      failedPpm: 0,
    });
    story.looks(100);
    assert.equal(story.told, 1);
  });

  it('says nothing new of noise, and no more than once in four periods of anything', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -1, max: 1 })), {
          minLength: 40,
          maxLength: 40,
        }),
        (noise) => {
          const quiet = new Story();
          for (const [percent, points] of noise)
            quiet.look({ measured: seen({ latencyMs: 10 + percent / 10, north: 70 + points }) });
          const wild = new Story();
          for (const [percent] of noise) wild.look({ measured: seen({ latencyMs: 10 * 3 ** percent }) });
          return quiet.told === 1 && wild.told <= 1 + Math.ceil(noise.length / 4);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('keeps the last good values while the source is away, and says since when', () => {
    const story = new Story();
    story.looks(5);
    const before = story.state.told?.observed;
    story.looks(4, away);
    assert.match(story.said(), /^True Measured/);
    story.looks(4, away);
    assert.match(
      story.said(),
      /^Unknown SourceUnreachable: the telemetry source: no answer \(ECONNREFUSED\); last measured 2026-11-23T12:01:00Z$/,
    );
    assert.deepEqual(story.state.told?.observed, before);
    assert.equal(story.state.told?.fresh, undefined);
    assert.equal(story.state.told?.shares.size, 0);
    assert.equal(story.state.planning, undefined);
    const { told } = story;
    story.looks(400, away);
    assert.equal(story.told, told);
    story.looks(5);
    assert.match(story.said(), /^True Measured/);
    assert.equal(story.told, told + 1);
  });

  it('tells apart: nobody measures, nobody measures any more, nobody measures the entry, nobody calls', () => {
    const story = new Story();
    story.look({ measured: undefined });
    assert.match(story.said(), /^False NoSeries: .*docs\/telemetry\.md/);
    const { entries: _entries, edges } = seen({ latencyMs: 33.4 });
    story.looks(8, { measured: { edges, entries: new Map() } });
    assert.match(story.said(), /^True EdgesOnly: .*the slowest is front→back with 33ms; plans count on 100/);
    assert.equal(story.state.told?.observed, undefined);
    story.looks(60, { measured: seen({ rate: 0 }) });
    assert.match(
      story.said(),
      /^True NoTraffic: .*; plans count on 1\d\.?\d* requests\/s from north \(100 declared\)$/,
    );
    story.looks(10, { measured: undefined });
    assert.match(story.said(), /^False Stale: its calls are not measured any more; last measured/);
  });

  it('remembers over a restart what was told: the same is no news', () => {
    const story = new Story();
    story.looks(3);
    const { verdict, observed } = story.state.told ?? {};
    assert(verdict !== undefined);
    const again = new Story();
    again.dag = {
      ...DAG,
      status: {
        conditions: [{ type: 'Observed', ...verdict, lastTransitionTime: '' }],
        observed,
        edges: [{ from: 'front', to: 'back', observed: story.state.told?.edges.get('front>back'), weights: [{ backend: 'north', observedPpm: 700_000 }, { backend: 'south', observedPpm: 300_000 }] }], // prettier-ignore
      },
    };
    again.looks(20);
    assert.equal(again.told, 0);
    assert.equal(again.look({ measured: seen({ latencyMs: 90 }) }).isNews, true);
  });
});

describe('reasons for another plan', () => {
  const slow = { measured: seen({ latencyMs: 30 }) };

  it('are there when a limit was broken for a minute, and not again within ten', () => {
    const story = new Story();
    story.plan = givenPlan(undefined, { latencyMicros: 22_000 });
    story.looks(5);
    const since = story.nowMs;
    while (story.look(slow).urgency === undefined) assert.ok(story.nowMs - since < 300_000);
    assert.ok(story.nowMs - since > 60_000);
    assert.equal(story.last?.urgency?.why, 'QoSViolated');
    assert.match(story.last?.urgency?.text ?? '', /^latency: measured 2\d\.?\d*ms, the limit is 20ms$/);
    story.replannedMs = story.nowMs;
    story.looks(38, slow);
    assert.equal(story.look(slow).urgency, undefined);
    assert.equal(story.looks(3, slow).urgency?.why, 'QoSViolated');
  });

  it('are not there for a burst, before every replica is placed, or by what is no longer measured', () => {
    const story = new Story();
    story.looks(6);
    story.looks(2, slow);
    assert.equal(story.looks(30).urgency, undefined);
    const young = new Story();
    assert.equal(young.looks(30, { ...slow, isPlaced: false }).urgency, undefined);
    const blind = new Story();
    blind.looks(8, slow);
    assert.equal(blind.looks(10, away).urgency, undefined);
  });

  it('are errors too', () => {
    const story = new Story();
    story.looks(20, { measured: seen({ errorShare: 0.05 }) });
    assert.match(story.last?.urgency?.text ?? '', /^success: measured 950000 ppm, at least 0\.99 is asked$/);
  });

  it('are measurements far from the prediction, in both directions', () => {
    for (const latencyMs of [15, 4]) {
      const story = new Story();
      story.looks(20, { measured: seen({ latencyMs }) });
      assert.equal(story.last?.urgency?.why, 'Drifted', String(latencyMs));
      assert.match(
        story.last?.urgency?.text ?? '',
        new RegExp(`^measured ${latencyMs}ms, app-1 predicts 9ms$`),
      );
    }
    const near = new Story();
    assert.equal(near.looks(40, { measured: seen({ latencyMs: 13 }) }).urgency, undefined);
  });

  it('start anew with a new plan', () => {
    const story = new Story();
    story.looks(8, slow);
    story.plan = givenPlan({ front: ['b'], back: ['b'] }, { window: 2 });
    assert.equal(story.looks(8, slow).urgency, undefined);
    assert.equal(story.looks(4, slow).urgency?.why, 'QoSViolated');
  });
});

describe('outcomes of plans', () => {
  it('are told once: when another plan comes, of what was measured since all was placed', () => {
    const story = new Story();
    story.looks(3, { isPlaced: false, measured: seen({ latencyMs: 500 }) });
    story.looks(4, { measured: seen({ latencyMs: 400 }) });
    story.looks(6, { measured: seen({ latencyMs: 12 }) });
    story.plan = givenPlan({ front: ['b'], back: ['b'] }, { window: 2 });
    const [outcome, ...more] = story.look().outcomes;
    assert.equal(more.length, 0);
    assert.equal(outcome?.plan, 'app-1');
    assert.equal(outcome?.looks, 6);
    assert.equal(outcome?.latencyMicros, 6 * 12_000);
    assert.equal(outcome?.rollout.length, 6);
    assert.deepEqual(story.look().outcomes, []);
  });

  it('are told at the end of a window, and not again when another plan comes', () => {
    const story = new Story();
    const told = Array.from({ length: 60 }, () => story.look().outcomes.length);
    assert.equal(
      told.reduce((a, b) => a + b, 0),
      1,
    );
    assert.equal(told.indexOf(1), 600_000 / PERIOD_MS);
    story.plan = givenPlan({ front: ['b'], back: ['b'] }, { window: 2 });
    assert.deepEqual(story.look().outcomes, []);
    assert.ok((story.state.tenure?.rollout.length ?? 99) <= 64);
  });

  it('are not told of what nobody measured, nor twice by an operator that has just started', () => {
    const blind = new Story();
    blind.looks(50, { measured: undefined });
    blind.plan = givenPlan({ front: ['b'], back: ['b'] }, { window: 2 });
    assert.deepEqual(blind.look().outcomes, []);
    const again = new Story();
    const condition = {
      type: 'Reported',
      status: 'True',
      reason: 'Stored',
      message: '',
      lastTransitionTime: '',
    } as const;
    again.plan = { ...givenPlan(), status: { conditions: [condition] } };
    again.looks(50);
    assert.deepEqual(again.look().outcomes, []);
  });
});
