/** Nodes `n0`, `n1`, … of regions in a ring, as a file that `edgeloom prober -f` reads. */
export function probedWorld(nodes: number, regions: number, addressOf: (n: number) => string): string {
  const region = (n: number): string => `r${n % regions}`;
  const members = Array.from({ length: nodes }, (_, n) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `n${n}`, labels: { 'edgeloom.dev/region': region(n) } },
    status: { addresses: [{ type: 'InternalIP', address: addressOf(n) }] },
  }));
  const ring = Array.from({ length: regions }, (_, r) => ({
    apiVersion: 'edgeloom.dev/v1alpha1',
    kind: 'EdgeRegion',
    metadata: { name: region(r) },
    spec: {
      nodeSelector: { matchLabels: { 'edgeloom.dev/region': region(r) } },
      topology: {
        attachment: { latency: '100us', bandwidth: '10G' },
        links: [{ from: region(r), to: region(r + 1), latency: '5ms', bandwidth: '10G' }],
      },
    },
  }));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...ring, ...members] });
}
