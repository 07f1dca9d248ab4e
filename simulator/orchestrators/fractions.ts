import { byHost } from '#world/fractions.ts';
import type { Fractions } from '#world/fractions.ts';
import type { Instance } from '#world/instance.ts';
import { wholeParts } from '#world/whole-parts.ts';
import type { RouteFraction } from '../orchestrator.ts';

const PPM = 1_000_000;

/** Fractions of a placement as the router takes them: those of one edge and caller's host sum to exactly 1,000,000. */
export function routeFractions(
  instance: Instance,
  assign: Int32Array,
  fractions: Fractions,
): RouteFraction[] {
  const { edges, snapshot } = instance;
  const name = (host: number): string => snapshot.hosts[host]?.name ?? '';
  const rows = Map.groupBy(byHost(instance, assign, fractions), ({ edge, from }) => `${edge}/${from}`);
  return [...rows.values()].flatMap((row) => {
    const weights = wholeParts(
      row.map(({ share }) => share),
      PPM,
    );
    return row.flatMap(({ edge, from, to }, i): RouteFraction[] => {
      const { from: caller = '', to: callee = '' } = edges[edge] ?? {};
      const weightPpm = weights[i] ?? 0;
      if (weightPpm === 0) return [];
      return [{ from: caller, to: callee, fromNode: name(from), toNode: name(to), weightPpm }];
    });
  });
}
