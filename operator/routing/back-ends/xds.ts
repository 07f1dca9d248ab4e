import type { BackEnd } from '../back-end.ts';
import { inAll } from '../by-caller.ts';

/** Our own discovery server: node-local Envoys and proxyless gRPC clients split the calls where they begin. */
export const xds: BackEnd = {
  mechanism: 'Xds',
  parent: () => undefined,
  verdict: (edge, { xds: seen }) => {
    if (edge.protocol !== 'HTTP' && edge.protocol !== 'GRPC')
      return { kind: 'absent', reason: 'Protocol', message: `it splits HTTP and GRPC, not ${edge.protocol}` };
    if (seen === undefined)
      return { kind: 'absent', reason: 'NoServer', message: 'the discovery server is off (--xds-port)' };
    return seen.verdict(edge);
  },
  front: (_edge, { xds: seen }) => {
    const targets = seen?.proxies() ?? [];
    return targets.length === 0 ? { kind: 'selector' } : { kind: 'targets', targets, local: true };
  },
  programmed: (edge, weights, _around, byCaller) => inAll(edge, byCaller, weights),
};
