import { createHash } from 'node:crypto';

const NAME_LIMIT = 63;
const HASH = 8;

/**
 * A Service name (RFC 1035 label) for a tuple: its parts joined by dashes where that is unambiguous, short and legal, else cut and
 * ended by a hash of the tuple. `marks` may occur among the parts only where the caller put them.
 */
function serviceName(parts: readonly string[], marks: readonly string[]): string {
  const plain = parts.join('-');
  const legal = /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(plain) && plain.length <= NAME_LIMIT;
  const once = plain.split('-').filter((word) => marks.includes(word)).length === marks.length;
  if (legal && once) return plain;
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, HASH);
  const start = plain
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, NAME_LIMIT - HASH - 1)
    .replace(/-+$/, '');
  return start === '' ? `x-${hash}` : `${start}-${hash}`;
}

/** Name of the Service that callers of an edge dial: `shop-cart-to-price-xr`. */
export const frontName = (dag: string, from: string, to: string, slice: string): string =>
  serviceName([dag, from, 'to', to, slice], ['to']);

/** Name of the Service of one group of replicas: `shop-price-in-east`. */
export const backendName = (dag: string, microservice: string, group: string): string =>
  serviceName([dag, microservice, 'in', group], ['in']);

/** Environment variable under which a caller finds where to dial: `DAG_UPSTREAM_PRICE`. */
export const upstreamVariable = (microservice: string): string =>
  `DAG_UPSTREAM_${microservice.toUpperCase().replaceAll('-', '_')}`;
