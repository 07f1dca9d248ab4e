import { Counter, Gauge, Registry } from 'prom-client';
import { watchRestarts } from '#kube/metrics.ts';
import type { PacketFate } from '../../prober/prober.ts';

/** The numbers of one prober. */
export interface ProberMetrics {
  readonly registry: Registry;
  packet(fate: PacketFate): void;
  peers(first: number, sampled: number, unaddressed: number): void;
  restarted(kind: string, reason: string): void;
}

/**
 * Registers them. The usual numbers of a Node process are left out but for CPU and memory: their histogram of event loop delays
 * wakes the process a hundred times a second, which costs more than all probes.
 */
export function proberMetrics(): ProberMetrics {
  const registry = new Registry();
  const registers = [registry];
  const packets = new Counter({
    name: 'edgeloom_prober_packets_total',
    help: 'Packets by what became of them',
    labelNames: ['fate'],
    registers,
  });
  const peers = new Gauge({
    name: 'edgeloom_prober_peers',
    help: 'Nodes by how they are probed',
    labelNames: ['how'],
    registers,
  });
  void new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  void new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  const restarts = watchRestarts(registry);
  return {
    registry,
    packet: (fate) => packets.inc({ fate }),
    peers: (first, sampled, unaddressed) => {
      peers.set({ how: 'first' }, first);
      peers.set({ how: 'sampled' }, sampled);
      peers.set({ how: 'unaddressed' }, unaddressed);
    },
    restarted: (kind, reason) => restarts.inc({ kind, reason }),
  };
}
