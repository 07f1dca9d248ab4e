import type { BackEnd } from '../back-end.ts';
import { HTTPROUTE } from '../../kinds.ts';
import { routeKind } from '../routes.ts';
import { routeVerdict } from '../route-verdict.ts';
import type { ParentRef } from '../route-verdict.ts';
import type { Edge } from '../edge.ts';

const parentOf = ({ front, port }: Edge): ParentRef => ({ group: '', kind: 'Service', name: front, port });

/** Routes attached to the front Service (GAMMA), where a mesh accepts them: each caller's own proxy splits its calls. */
export const mesh: BackEnd = {
  mechanism: 'Mesh',
  parent: (edge) => (edge.protocol === 'HTTP' || edge.protocol === 'GRPC' ? parentOf(edge) : undefined),
  verdict: (edge, { serves }, route) => {
    const kind = routeKind(edge);
    if (edge.protocol !== 'HTTP' && edge.protocol !== 'GRPC')
      return {
        kind: 'absent',
        reason: 'Protocol',
        message: `meshes split HTTP and GRPC, not ${edge.protocol}`,
      };
    if (!serves(kind ?? HTTPROUTE))
      return { kind: 'absent', reason: 'NoGatewayAPI', message: `the API server has no ${kind?.kind}` };
    return routeVerdict(route, parentOf(edge));
  },
  front: () => ({ kind: 'selector' }),
  programmed: (_edge, weights) => weights,
};
