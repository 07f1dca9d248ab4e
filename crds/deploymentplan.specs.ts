import { good, rows } from './spec-row.ts';
import type { SpecRow } from './spec-row.ts';

const ranked = [{ node: 'edge-1', sharePpm: 1_000_000 }];
const assignment = { microservice: 'stitch', replica: 0, ranked };
const path = {
  via: ['edge-1', 'edge-2'],
  fromRegion: 'cbd-north',
  toRegion: 'cbd-north',
  weightPpm: 1_000_000,
};
const route = { from: 'capture', to: 'stitch', slice: 'xr', paths: [path] };
const plan = (over: object = {}): object => ({ dag: { name: 'stitching' }, source: 'Search', ...over });
const withSection = (more: object): object => plan({ regions: [{ region: 'cbd-north', ...more }] });

/** Good and bad DeploymentPlans. */
export const DEPLOYMENT_PLANS: readonly SpecRow[] = [
  ...good('DeploymentPlan', {
    'a plan that places nothing': plan(),
    'a plan in full': plan({
      dag: { name: 'stitching', uid: '0b9c', generation: 3 },
      window: 42,
      source: 'LLM',
      regions: [
        {
          region: 'cbd-north',
          assignments: [assignment, { ...assignment, replica: 1 }],
          rewardWeightsPpm: [700_000, 100_000, 100_000, 100_000],
          penaltyWeightsPpm: [1, 2, 3],
          cooperationMilli: -250,
          predictedReturnPpm: -120_000,
          embedding: 'AACAPw==',
        },
      ],
      routes: [route],
      predicted: { latencyMicros: 18_250, successPpm: 999_100, criticalPath: ['capture', 'stitch'] },
      provenance: { planner: 'search', traces: ['t-1'], candidates: 3, elapsedMicros: 4200 },
    }),
  }),
  ...rows('DeploymentPlan', 'both', [
    ['a plan for nobody', { source: 'Search' }, 'spec.dag', 'missing'],
    ['an unknown source', plan({ source: 'Oracle' }), 'spec.source', 'known: Search'],
    [
      'two sections of one region',
      plan({ regions: [{ region: 'a' }, { region: 'a' }] }),
      'spec.regions[1]',
      'duplicate',
    ],
    [
      'a replica placed twice',
      withSection({ assignments: [assignment, assignment] }),
      'spec.regions[0].assignments[1]',
      'duplicate',
    ],
    [
      'a replica with no node',
      withSection({ assignments: [{ ...assignment, ranked: [] }] }),
      'spec.regions[0].assignments[0].ranked',
    ],
    [
      'a node ranked twice',
      withSection({ assignments: [{ ...assignment, ranked: [...ranked, ...ranked] }] }),
      'spec.regions[0].assignments[0].ranked[1]',
      'duplicate',
    ],
    [
      'a share above a million',
      plan({ routes: [{ ...route, paths: [{ ...path, weightPpm: 1_000_001 }] }] }),
      'spec.routes[0].paths[0].weightPpm',
    ],
    [
      'a weight that is a float',
      plan({ routes: [{ ...route, paths: [{ ...path, weightPpm: 0.5 }] }] }),
      'spec.routes[0].paths[0].weightPpm',
    ],
    ['a route twice', plan({ routes: [route, route] }), 'spec.routes[1]', 'duplicate'],
    [
      'a path over nothing',
      plan({ routes: [{ ...route, paths: [{ ...path, via: [] }] }] }),
      'spec.routes[0].paths[0].via',
    ],
    [
      'three reward weights',
      withSection({ rewardWeightsPpm: [1, 2, 3] }),
      'spec.regions[0].rewardWeightsPpm',
    ],
    [
      'an unknown field',
      plan({ provenance: { plannr: 'x' } }),
      'spec.provenance.plannr',
      'did you mean planner?',
    ],
  ]),
];
