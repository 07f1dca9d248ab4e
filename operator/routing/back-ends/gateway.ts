import type { Around, BackEnd, GatewaySeen, Listener } from '../back-end.ts';
import type { Edge } from '../edge.ts';
import { GATEWAY } from '../../kinds.ts';
import { routeKind } from '../routes.ts';
import { routeVerdict } from '../route-verdict.ts';
import type { ParentRef } from '../route-verdict.ts';
import type { Target } from '../services.ts';

/** The listener that carries an edge: the first plain HTTP one for HTTP and GRPC, one of its own for TCP. */
function listenerOf(edge: Edge, { gateway, tcpListener }: Around): Listener | undefined {
  if (edge.protocol === 'TCP') return tcpListener(edge);
  return edge.protocol === 'UDP' ? undefined : gateway?.listeners.find(({ protocol }) => protocol === 'HTTP');
}

const parentOf = ({ namespace, name }: GatewaySeen, listener: Listener): ParentRef => ({
  group: GATEWAY.group,
  kind: GATEWAY.kind,
  namespace,
  name,
  sectionName: listener.name,
});

function targetsOf(edge: Edge, around: Around): readonly Target[] {
  const listener = listenerOf(edge, around);
  return listener === undefined ? [] : (around.gateway?.targets.get(listener.port) ?? []);
}

/** Routes through an east-west Gateway: the front Service leads to the Gateway's proxies, and they split the calls. */
export const gateway: BackEnd = {
  mechanism: 'Gateway',
  parent: (edge, around) => {
    const listener = listenerOf(edge, around);
    return around.gateway === undefined || listener === undefined
      ? undefined
      : parentOf(around.gateway, listener);
  },
  verdict: (edge, around, route) => {
    const kind = routeKind(edge);
    const absent = (reason: string, message: string) => ({ kind: 'absent', reason, message }) as const;
    if (kind === undefined) return absent('Protocol', `no route carries ${edge.protocol}`);
    if (!around.serves(kind)) return absent('NoGatewayAPI', `the API server has no ${kind.kind}`);
    if (around.gateway === undefined)
      return absent('NoGateway', 'no Gateway has the label edgeloom.dev/east-west');
    const listener = listenerOf(edge, around);
    const { name } = around.gateway;
    if (listener === undefined)
      return absent('NoListener', `Gateway ${name} has no ${edge.protocol} listener left for this edge`);
    const verdict = routeVerdict(route, parentOf(around.gateway, listener));
    if (verdict.kind === 'accepted' && targetsOf(edge, around).length === 0)
      return { kind: 'pending', reason: 'NoAddress', message: `nothing listens behind Gateway ${name}` };
    return verdict;
  },
  front: (edge, around) => ({ kind: 'targets', targets: targetsOf(edge, around) }),
  programmed: (_edge, weights) => weights,
};
