import { fileURLToPath } from 'node:url';
import { runOnce } from '../run.ts';
import { dag, node, region, service } from '#world/test-world.ts';
import { cityOf, fateOf, fixed, placementOf, settingsOf } from './given.ts';

/**
 * Test support: the event-log digest of a run with queues, shared and lossy links, a join, failures, moves and agents at work.
 * As a program it prints the digest of the seed it is given, so that other versions of Node can be asked.
 */
export async function eventLog(seed: number): Promise<string> {
  const city = cityOf([
    ...['a', 'b', 'c'].map((name) => node(name)),
    ...['x', 'y'].map((name) => node(name, { region: 's' })),
    region('r', {
      attachment: { latency: '300us', bandwidth: '100M' },
      links: [{ from: 'r', to: 's', latency: '2ms', bandwidth: '60M', success: '0.995', jitter: '300us' }],
    }),
    region('s', { attachment: { latency: '200us', bandwidth: '100M' } }),
    dag('d', {
      ingress: [
        { region: 'r', payload: '10k', requestsPerSecond: '50' },
        { region: 's', payload: '2k', requestsPerSecond: '50' },
      ],
      microservices: [
        service('in', { work: '3M' }),
        service('left', { work: '4M', replicas: 2 }),
        service('right', { work: '5M' }),
        service('out', { work: '3M' }),
      ],
      edges: [
        { from: 'in', to: 'left', payload: '4k', callsPerRequest: '1.5' },
        { from: 'in', to: 'right', payload: '20k' },
        { from: 'left', to: 'out', payload: '4k', sync: true },
        { from: 'right', to: 'out', payload: '9k', sync: true },
      ],
    }),
  ]);
  const first = placementOf('d', { in: 'a', left: ['a', 'b'], right: 'c', out: 'x' });
  const second = placementOf('d', { in: 'b', left: ['a', 'c'], right: 'c', out: 'y' });
  const fate = fateOf(city, {
    seed,
    rate: 50,
    random: true,
    disruptions: [
      { atMicros: 3_000_000, kind: 'speed', node: 'a', factor: 0.7 },
      { atMicros: 8_000_000, kind: 'node', node: 'c', up: false },
      { atMicros: 12_000_000, kind: 'node', node: 'c', up: true },
      { atMicros: 15_000_000, kind: 'link', from: 'r', to: 's', up: false },
      { atMicros: 16_000_000, kind: 'link', from: 'r', to: 's', up: true },
    ],
  });
  const orchestrator = fixed([first], ({ atMicros }) => (atMicros === 5_000_000 ? [second] : []));
  const settings = settingsOf({
    seed,
    untilMicros: 20_000_000,
    coldStart: { imageMicros: 300_000, startMicros: 200_000 },
  });
  let digest = '';
  await runOnce(city, fate, orchestrator, settings, { digest: (hex) => (digest = hex) });
  return digest;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(`${await eventLog(Number(process.argv[2] ?? 1))}\n`);
