import { z } from 'zod';
import { DURATION, POSITIVE_DURATION, POSITIVE_QUANTITY, PROBABILITY, QUANTITY } from './quantity.ts';

/** A Kubernetes quantity as people write it: a string, or a whole number. */
export type Quantity = string | number;

const DURATION_HELP = 'write a number and a unit: 700us, 20ms, 1.5s, 2m or 1h';
const QUANTITY_HELP = 'write a Kubernetes quantity: 120M, 1500Ki, 1G, "0.5"; fractions in quotes';
const PROBABILITY_HELP = 'write a number from 0 to 1 in quotes: "0.999"';

/** A duration; zero is legal. */
export const duration = (): z.ZodString =>
  z
    .string()
    .max(16)
    .regex(DURATION, { error: `must be a duration: ${DURATION_HELP}` });

/** A duration above zero. */
export const positiveDuration = (): z.ZodString =>
  z
    .string()
    .max(16)
    .regex(POSITIVE_DURATION, { error: `must be a duration above zero: ${DURATION_HELP}` });

/** A whole number or a string of a grammar: what Kubernetes calls int-or-string. `toStructural` knows the shape. */
function intOrString(
  grammar: RegExp,
  bounds: { min: number; max?: number },
  error: string,
): z.ZodType<Quantity, Quantity> {
  const whole = z.int().min(bounds.min);
  const number = bounds.max === undefined ? whole : whole.max(bounds.max);
  return z
    .union([number, z.string().max(32).regex(grammar, { error })], { error })
    .meta({ 'x-kubernetes-int-or-string': true });
}

/** A quantity; zero is legal. */
export const amount = (): z.ZodType<Quantity, Quantity> =>
  intOrString(QUANTITY, { min: 0 }, `must be a quantity, zero or more: ${QUANTITY_HELP}`);

/** A quantity above zero. */
export const positiveAmount = (): z.ZodType<Quantity, Quantity> =>
  intOrString(POSITIVE_QUANTITY, { min: 1 }, `must be a quantity above zero: ${QUANTITY_HELP}`);

/** A probability. */
export const probability = (): z.ZodType<Quantity, Quantity> =>
  intOrString(PROBABILITY, { min: 0, max: 1 }, `must be a probability: ${PROBABILITY_HELP}`);

/** A DNS label: the name of a microservice, a region or a DAG. */
export const dnsLabel = (): z.ZodString =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, {
      error: 'must be lower case letters, digits and "-", such as stitch-1',
    });

/** A value that may become a label: a slice or a tenant. */
export const labelValue = (): z.ZodString =>
  z
    .string()
    .min(1)
    .max(63)
    .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, {
      error: 'must be letters, digits, "-", "_" and ".", such as xr',
    });

/** Name of a node, a waypoint or a region: a vertex of the infrastructure graph. */
export const vertexName = (): z.ZodString =>
  z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, {
      error: 'must be lower case letters, digits, "-" and ".", such as edge-1',
    });

/** A whole number, zero or more, such as microseconds or a count. */
export const natural = (): z.ZodInt => z.int().min(0);

/** Parts per million of a whole. */
export const ppm = (): z.ZodInt => z.int().min(0).max(1_000_000);

/** An object with free keys, bounded as the API server wants it. */
export function boundedMap<V extends z.ZodType>(
  value: V,
  bounds: { min?: number; max: number },
): z.ZodRecord<z.ZodString, V> {
  const { min = 0, max } = bounds;
  const size = (map: object): number => Object.keys(map).length;
  return z
    .record(z.string(), value)
    .refine((map) => size(map) >= min, { error: `must not be empty: name at least ${min}` })
    .refine((map) => size(map) <= max, { error: `must not have more than ${max} keys` })
    .meta(min > 0 ? { minProperties: min, maxProperties: max } : { maxProperties: max });
}

/** Free text of bounded length, written by a controller. */
export const text = (max: number): z.ZodString => z.string().max(max);
