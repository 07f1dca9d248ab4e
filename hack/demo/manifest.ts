import type { Row } from './csv.ts';

/** A comment for the thing at a path of the manifest. */
export interface Note {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** One microservice of a manifest. */
export interface Microservice {
  readonly name: string;
  readonly work: string;
  readonly replicas: { readonly min: number; readonly max: number };
  readonly port: number;
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: {
      readonly containers: readonly {
        readonly name: string;
        readonly image: string;
        readonly resources: { readonly requests: { readonly cpu: string; readonly memory: string } };
      }[];
    };
  };
}

/** One edge of a manifest. */
export interface Call {
  readonly from: string;
  readonly to: string;
  readonly payload: string;
  readonly callsPerRequest: string;
  readonly maxLatency?: string;
  readonly minBandwidth?: string;
}

interface Qos {
  readonly maxLatency: string;
  readonly maxJitter: string;
  readonly minSuccess: string;
  readonly enforcement: 'Preferred';
}

/** A ServiceDAG as the samples write it. */
export interface DagManifest {
  readonly apiVersion: 'edgeloom.dev/v1alpha1';
  readonly kind: 'ServiceDAG';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly class: 'Immersive' | 'Massive' | 'Twin';
    readonly tenant: string;
    readonly ingress: readonly Readonly<Record<string, string>>[];
    readonly qos: Qos;
    readonly microservices: readonly Microservice[];
    readonly edges: readonly Call[];
  };
}

/** An application of the demo: its manifest, and where each of its numbers is from. */
export interface Application {
  readonly manifest: DagManifest;
  readonly title: string;
  readonly notes: readonly Note[];
}

/** The measured tables that the applications are made from. */
export interface Tables {
  readonly boutiqueServices: readonly Row[];
  readonly boutiqueCalls: readonly Row[];
  readonly boutiqueRequests: readonly Row[];
  readonly boutiqueBandwidths: readonly Row[];
  readonly mubenchServices: readonly Row[];
  readonly mubenchCalls: readonly Row[];
  readonly teastoreServices: readonly Row[];
  readonly teastoreCalls: readonly Row[];
}

/** Namespace of all samples. */
export const NAMESPACE = 'edgeloom-demo';
/** The speed at which a service takes exactly the time that was measured: a node's default. */
const DEFAULT_MIPS = 3000;

// Services that many requests meet start twice; a store of state does not grow.
export const HOT = { min: 2, max: 4 };
export const WARM = { min: 1, max: 3 };
export const COLD = { min: 1, max: 2 };

interface Cost {
  readonly micros: number;
  readonly cpuMilli: number;
  readonly memory: string;
}

/** Instructions that take `micros` on a pod with this request at the default speed: work = t x mips x request. */
const workOf = ({ micros, cpuMilli }: Cost): string =>
  String(Math.round((micros * DEFAULT_MIPS * cpuMilli) / 1000));

/** A CPU request in thousandths of a core. Throws on what is no request. */
export function milli(quantity: string): number {
  const match = /^(\d+)(m?)$/.exec(quantity);
  if (match === null) throw new Error(`CPU request "${quantity}": expected 100m or 2`);
  return Number(match[1]) * (match[2] === 'm' ? 1 : 1000);
}

/** A microservice that takes as long as was measured on a pod with these requests. */
export function microservice(
  app: string,
  name: string,
  cost: Cost,
  replicas: Microservice['replicas'],
): Microservice {
  return {
    name,
    work: workOf(cost),
    replicas,
    port: 8080,
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [
          {
            name: 'server',
            image: `${app}/${name}:1`,
            resources: { requests: { cpu: `${cost.cpuMilli}m`, memory: cost.memory } },
          },
        ],
      },
    },
  };
}
