import type { DataFolder } from '#simulator/data/folder.ts';
import type { Stream } from '#simulator/engine/random.ts';
import type { ApplicationsSpec } from '../schema/applications.ts';
import { alibabaServices } from './alibaba.ts';
import { generatedGraph } from './generated.ts';
import { cut } from './graph.ts';
import type { CallGraph } from './graph.ts';
import { shippedGraphs } from './shipped.ts';

/** Draws a graph with so many stages; undefined when the source has none. */
export type GraphSource = (stages: readonly [number, number], draw: Stream) => CallGraph | undefined;

const oneOf = <T>(items: readonly T[], draw: Stream): T | undefined =>
  items[Math.floor(draw() * items.length)];

/** Where graphs come from. Reads the data folder once. */
export function graphSource(spec: ApplicationsSpec['graphs'], folder: DataFolder): GraphSource {
  switch (spec.from) {
    case 'shipped': {
      const graphs = [...shippedGraphs(folder).values()];
      return (stages, draw) => {
        const size = sizeIn(stages, draw);
        const graph = oneOf(
          graphs.filter((candidate) => candidate.stages.length >= size),
          draw,
        );
        return graph === undefined ? undefined : cut(graph, size);
      };
    }
    case 'alibaba': {
      const services = alibabaServices(folder, spec.mostVisits);
      const fitting = new Map<string, { graph: CallGraph; requests: number }[][]>();
      return ([least, most], draw) => {
        const key = `${least}-${most}`;
        const inRange = ({ stages }: CallGraph): boolean => stages.length >= least && stages.length <= most;
        const known =
          fitting.get(key) ??
          services
            .map(({ graphs }) => graphs.filter(({ graph }) => inRange(graph)))
            .filter((graphs) => graphs.length > 0);
        fitting.set(key, known);
        return byRequests(oneOf(known, draw) ?? [], draw);
      };
    }
    default:
      return (stages, draw) => generatedGraph(sizeIn(stages, draw), spec.depth, spec.joins, draw);
  }
}

const sizeIn = ([least, most]: readonly [number, number], draw: Stream): number =>
  least + Math.floor(draw() * (most - least + 1));

function byRequests(
  graphs: readonly { graph: CallGraph; requests: number }[],
  draw: Stream,
): CallGraph | undefined {
  let left = draw() * graphs.reduce((sum, { requests }) => sum + requests, 0);
  return (graphs.find(({ requests }) => (left -= requests) < 0) ?? graphs.at(-1))?.graph;
}
