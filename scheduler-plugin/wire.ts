import { z } from 'zod';

/**
 * The extender's wire (k8s.io/kube-scheduler/extender/v1). The Go structs carry no JSON tags: keys are PascalCase, while the
 * embedded Pod is ordinary lower camel case.
 */
export const extenderArgs = z.looseObject({
  Pod: z.looseObject({
    metadata: z.looseObject({
      name: z.string().default(''),
      namespace: z.string().optional(),
      labels: z.record(z.string(), z.string()).nullish(),
      annotations: z.record(z.string(), z.string()).nullish(),
    }),
  }),
  /** With `nodeCacheCapable: true`, the only form we configure. */
  NodeNames: z.array(z.string()).nullish(),
  /** Whole nodes, from a scheduler that was configured otherwise. */
  Nodes: z
    .looseObject({
      items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).nullish(),
    })
    .nullish(),
});

/** A filter or prioritize request. */
export type ExtenderArgs = z.output<typeof extenderArgs>;

/** Answer to filter: always with `NodeNames`, because a 200 with neither list means zero nodes, even when ignorable. */
export interface FilterResult {
  readonly NodeNames: readonly string[];
  readonly Nodes?: ExtenderArgs['Nodes'];
  /** Node → why it is out; kube-scheduler shows it in the pod's condition. */
  readonly FailedNodes: Readonly<Record<string, string>>;
  readonly Error: string;
}

/** One entry of the answer to prioritize; 0 to 10. */
export interface HostPriority {
  readonly Host: string;
  readonly Score: number;
}

/** Names of the candidates, in whichever form they came. */
export const candidatesOf = (args: ExtenderArgs): string[] =>
  args.NodeNames ?? (args.Nodes?.items ?? []).map((node) => node.metadata.name);
