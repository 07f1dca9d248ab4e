import { good, rows } from './spec-row.ts';
import type { SpecRow } from './spec-row.ts';

const link = { from: 'edge-1', to: 'edge-2', latency: '300us', bandwidth: '1G' };
const band = { name: 'mmWave', latency: '700us', bandwidth: '1G' };
const selector = { matchLabels: { 'edgeloom.dev/region': 'cbd-north' } };
const region = (over: object = {}): object => ({ nodeSelector: selector, ...over });
const withLink = (more: object): object => region({ topology: { links: [{ ...link, ...more }] } });

/** Good and bad EdgeRegions. */
export const EDGE_REGIONS: readonly SpecRow[] = [
  ...good('EdgeRegion', {
    'a region with its selector only': region(),
    'a region in full': region({
      tier: 'Cloud',
      topology: {
        attachment: { latency: '200us', bandwidth: '2G' },
        waypoints: ['metro-ring', 'switch-1'],
        links: [
          { ...link, jitter: '50us', success: '0.9999', slices: ['xr'], oneWay: true },
          { from: 'cbd-north', to: 'metro-ring', latency: '0us', bandwidth: 40_000_000_000 },
        ],
      },
      radio: {
        bands: [
          { ...band, jitter: '100us', success: '0.9995' },
          { ...band, name: 'sub6' },
        ],
      },
      agent: { policy: 'smappo-v3', period: '500ms', trust: { sensitivity: '2.5', max: '1' } },
      pool: { cidr: '10.42.16.0/20' },
    }),
    'an IPv6 pool': region({ pool: { cidr: 'fd00:10:42::/64' } }),
  }),
  ...rows('EdgeRegion', 'both', [
    ['a region without a selector', {}, 'spec.nodeSelector', 'missing'],
    [
      'a selector that selects nothing',
      { nodeSelector: { matchLabels: {} } },
      'spec.nodeSelector.matchLabels',
    ],
    [
      'a label that is a number',
      { nodeSelector: { matchLabels: { zone: 1 } } },
      'spec.nodeSelector.matchLabels.zone',
      'in quotes: "1"',
    ],
    ['a link to itself', withLink({ to: 'edge-1' }), 'spec.topology.links[0].to'],
    [
      'a link without bandwidth',
      region({ topology: { links: [{ from: 'a', to: 'b', latency: '1ms' }] } }),
      'spec.topology.links[0].bandwidth',
    ],
    [
      'a link with a bandwidth of zero',
      withLink({ bandwidth: '0.0G' }),
      'spec.topology.links[0].bandwidth',
      'above zero',
    ],
    [
      'a link with an unquoted bandwidth of zero',
      withLink({ bandwidth: 0 }),
      'spec.topology.links[0].bandwidth',
    ],
    [
      'a link with a latency that is no duration',
      withLink({ latency: '1sec' }),
      'spec.topology.links[0].latency',
    ],
    ['a link that carries no slice', withLink({ slices: [] }), 'spec.topology.links[0].slices'],
    ['a success of a link above one', withLink({ success: '2' }), 'spec.topology.links[0].success'],
    [
      'a misspelt field of a link',
      withLink({ oneway: true }),
      'spec.topology.links[0].oneway',
      'did you mean oneWay?',
    ],
    [
      'a waypoint named twice',
      region({ topology: { waypoints: ['ring', 'ring'] } }),
      'spec.topology.waypoints[1]',
      'duplicate',
    ],
    [
      'an unknown band',
      region({ radio: { bands: [{ ...band, name: '5G' }] } }),
      'spec.radio.bands[0].name',
      'known: lte',
    ],
    ['a band named twice', region({ radio: { bands: [band, band] } }), 'spec.radio.bands[1]', 'duplicate'],
    ['an unknown tier', region({ tier: 'edge' }), 'spec.tier', 'did you mean Edge?'],
    ['a period of zero', region({ agent: { period: '0s' } }), 'spec.agent.period'],
    ['a trust above one', region({ agent: { trust: { max: '1.5' } } }), 'spec.agent.trust.max'],
    [
      'a pool that is an address',
      region({ pool: { cidr: '10.42.16.0' } }),
      'spec.pool.cidr',
      '10.42.16.0/20',
    ],
    ['a pool that is too wide', region({ pool: { cidr: '10.42.16.0/33' } }), 'spec.pool.cidr'],
  ]),
  {
    says: 'a region whose name is no label',
    kind: 'EdgeRegion',
    spec: region(),
    name: 'cbd.north',
    refused: { field: 'metadata.name', by: 'both' },
  },
];
