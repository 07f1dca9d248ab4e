import { micros, objectOf } from './check.ts';
import type { Check, Context } from './check.ts';
import { capacity, hostFits, replicaLimits } from './node-checks.ts';
import { accessible, edgeLatency, reachable } from './path-checks.ts';
import { withinLimit } from './path-table.ts';
import type { Violation } from './prediction.ts';
import { whole } from './report.ts';

/** The four QoS limits: hard under `Required`, reported under `Preferred`. */
const qos: Check = ({ instance, outcome }) => {
  const { required } = instance.qos;
  const time = (constraint: string, limit: number, value: number): Violation[] =>
    withinLimit(value, limit)
      ? []
      : [
          {
            constraint: `qos.${constraint}`,
            limit: Math.round(limit),
            value: whole(value),
            object: objectOf(instance),
            message: `predicted ${micros(value)}, the limit is ${micros(limit)}`,
            hard: required,
          },
        ];
  const short = outcome.success < instance.qos.minSuccess * (1 - 1e-9);
  return [
    ...time('maxLatency', instance.qos.maxLatency, outcome.latency),
    ...time('maxJitter', instance.qos.maxJitter, outcome.jitter),
    ...time('maxSync', instance.qos.maxSync, outcome.sync),
    ...(short
      ? [
          {
            constraint: 'qos.minSuccess',
            limit: Math.round(instance.qos.minSuccess * 1e6),
            value: Math.round(outcome.success * 1e6),
            object: objectOf(instance),
            message: `predicted success ${outcome.success.toFixed(6)}, at least ${instance.qos.minSuccess} is asked`,
            hard: required,
          },
        ]
      : []),
  ];
};

/** Checked and reported in this order. */
export const checks: readonly Check[] = [
  replicaLimits,
  hostFits,
  capacity,
  reachable,
  edgeLatency,
  accessible,
  qos,
];

/** Every limit the placement breaks, hard ones first. */
export function violationsOf(context: Context): Violation[] {
  return checks.flatMap((check) => check(context)).toSorted((a, b) => Number(b.hard) - Number(a.hard));
}
