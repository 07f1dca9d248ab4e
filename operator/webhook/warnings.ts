import { checkBands } from '#crds/dag-checks.ts';
import type { EdgeRegion } from '#crds/edgeregion.ts';
import { fieldOf } from '#crds/finding.ts';
import type { Finding } from '#crds/finding.ts';
import type { ServiceDAG } from '#crds/servicedag.ts';

/** The API server asks for short warnings, and cuts long ones itself. */
const LONGEST = 240;
const MOST = 8;

type Look = (dag: ServiceDAG) => Finding[];

/** A microservice beside the graph: users call it straight, and nothing else does. */
const isolated: Look = ({ spec: { microservices, edges } }) => {
  if (edges.length === 0) return [];
  const ends = new Set(edges.flatMap(({ from, to }) => [from, to]));
  return microservices.flatMap(({ name }, i) =>
    ends.has(name)
      ? []
      : [
          {
            path: ['spec', 'microservices', i],
            message: `"${name}" is in no edge`,
            fix: 'users are taken to call it directly: add the edges that call it, if they do not',
          },
        ],
  );
};

/** A promise without anything promised. */
const nothingRequired: Look = ({ spec: { qos } }) => {
  const { enforcement, ...limits } = qos;
  const some = Object.values(limits).some((limit) => limit !== undefined);
  if (enforcement !== 'Required' || some) return [];
  const message = 'Required has nothing to enforce';
  return [{ path: ['spec', 'qos', 'enforcement'], message, fix: 'add a limit, such as maxLatency: 20ms' }];
};

/** Regions may come later than those who name them, so what is unknown now is no reason to refuse. */
const unknownNames = (dag: ServiceDAG, regions: readonly EdgeRegion[] | undefined): Finding[] =>
  regions === undefined || regions.length === 0 ? [] : checkBands(dag, regions);

/** What is legal and probably not meant; at most 8 lines, in order. `regions` are those of the cluster; undefined when they are not known. */
export function warningsOf(dag: ServiceDAG, regions: readonly EdgeRegion[] | undefined): string[] {
  const found = [...unknownNames(dag, regions), ...isolated(dag), ...nothingRequired(dag)];
  return found.slice(0, MOST).map(({ path, message, fix }) => {
    const line = `${fieldOf(path)}: ${message}; ${fix}`;
    return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
  });
}
