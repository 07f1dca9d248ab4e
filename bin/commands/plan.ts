import { Command, InvalidArgumentError, Option } from 'commander';
import { stringify } from 'yaml';
import { durationMicros } from '#crds/quantity.ts';
import { parseFiles } from '#crds/parse.ts';
import { SOURCE_NAMES } from '#planner/sources.ts';
import type { SourceName } from '#planner/sources.ts';
import { PLAN_DEFAULTS } from '#planner/plan-options.ts';
import type { PlanOptions } from '#planner/plan-options.ts';
import { planInOrder } from '#planner/plan-in-order.ts';
import type { PlanDocument } from '#planner/document.ts';
import { newestMeasurementMs } from '#world/measured.ts';
import { snapshotOf } from '#world/snapshot.ts';
import { keyOf } from '#world/objects.ts';
import type { Objects } from '#world/objects.ts';
import { printInputError, worldProblems } from '../input-error.ts';
import { planTable } from '../plan-table.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  readonly file: string[];
  readonly dag?: string;
  readonly planner: SourceName;
  readonly objective: 'utility' | 'latency';
  readonly budget: number;
  readonly memory?: string;
  readonly moves?: number;
  readonly output: 'table' | 'json' | 'yaml';
}

const budgetMs = (text: string): number => {
  try {
    return durationMicros(text) / 1000;
  } catch {
    throw new InvalidArgumentError('a duration such as 50ms or 2s');
  }
};

/** Exit codes of the contract (architecture section 6). */
const DONE = 0;
const BAD_INPUT = 2;
const NO_FEASIBLE_PLAN = 3;

/** `edgeloom plan`: places DAGs of files on nodes of files, without a cluster. */
export function planCommand(): Command {
  return new Command('plan')
    .summary('place the ServiceDAGs of files on the nodes of files, and say why')
    .description(
      'Reads ServiceDAG, EdgeRegion, Node and Pod objects, plans every ServiceDAG in the order of the files\n' +
        '(each on what the earlier ones left), and prints where each replica goes and what that costs.',
    )
    .requiredOption('-f, --file <path...>', 'YAML or JSON files or folders; may be repeated')
    .option('--dag <namespace/name>', 'plan only this ServiceDAG; the others are left out')
    .addOption(
      new Option('--planner <name>', 'who proposes').choices(SOURCE_NAMES).default(PLAN_DEFAULTS.planner),
    )
    .addOption(
      new Option('--objective <name>', 'utility: the fixed objective J; latency: the predicted latency alone')
        .choices(['utility', 'latency'])
        .default(PLAN_DEFAULTS.objective),
    )
    .addOption(
      new Option('--budget <duration>', 'how long the search may improve each plan')
        .argParser(budgetMs)
        .default(PLAN_DEFAULTS.budgetMs, `${PLAN_DEFAULTS.budgetMs}ms`),
    )
    .addOption(
      new Option(
        '--memory <where>',
        'memory of past deployments to plan with: a file, or bolt://[user:password@]host:port',
      ).env('EDGELOOM_MEMORY'),
    )
    .addOption(
      new Option(
        '--moves <number>',
        'what the Pods of the files run stays, but for so many replicas; without it everything is placed anew',
      ).argParser(wholeNumber(0, 1024)),
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table'),
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 every plan is feasible; 2 bad input (stderr says where and how to mend it); 3 a DAG has no feasible plan.

Examples:
  edgeloom plan -f config/samples/quickstart.yaml
  edgeloom plan -f config/samples --memory memory.db
  kubectl get nodes,er,sdag,pods -A -o yaml | edgeloom plan -f - --moves 2
  edgeloom plan -f config/samples -o json | jq '.plans[].predicted.latencyMicros'
  edgeloom plan -f config/samples/regions.yaml config/samples/nodes.yaml config/samples/teastore.yaml --objective latency --budget 500ms`,
    )
    .action(async (options: Options) => {
      process.exitCode = await plan(options);
    });
}

async function plan(options: Options): Promise<number> {
  try {
    const objects = await parseFiles(options.file);
    for (const note of objects.notes) process.stderr.write(`note: ${note}\n`);
    const wanted =
      options.dag === undefined
        ? objects.serviceDAGs
        : objects.serviceDAGs.filter((d) => keyOf(d) === options.dag);
    if (wanted.length === 0) {
      const known = objects.serviceDAGs.map(keyOf).join(', ') || 'none';
      const asked =
        options.dag === undefined
          ? 'the files hold no ServiceDAG'
          : `no ServiceDAG ${options.dag} in the files; found: ${known}`;
      process.stderr.write(`edgeloom plan: ${asked}\n`);
      return BAD_INPUT;
    }
    const world: Objects = {
      nodes: objects.nodes,
      regions: objects.edgeRegions,
      pods: objects.pods,
      dags: wanted,
      nowMs: newestMeasurementMs(objects.edgeRegions),
    };
    const snapshot = snapshotOf(world);
    const refused = worldProblems(snapshot, wanted, objects);
    if (refused.length > 0) {
      for (const line of refused) process.stderr.write(`${line}\n`);
      return BAD_INPUT;
    }
    for (const p of snapshot.problems)
      process.stderr.write(`warning: ${p.object} ${p.field}: ${p.message}\n`);
    const started = performance.now();
    const elapsed = (): number => Math.round((performance.now() - started) * 1000);
    const { objective, budget: budgetMs, planner, moves = 0 } = options;
    const keep = options.moves !== undefined;
    const { documents } = await remembering(options.memory, world, (recall) =>
      planInOrder(snapshot, wanted, { objective, budgetMs, planner, keep, moves, ...recall }, elapsed),
    );
    for (const { dag, provenance } of documents)
      if (provenance.withoutMemory !== undefined)
        process.stderr.write(`warning: ${dag} is planned without the memory: ${provenance.withoutMemory}\n`);
    print(documents, options.output);
    return documents.every((d) => d.feasible) ? DONE : NO_FEASIBLE_PLAN;
  } catch (error) {
    return printInputError(error) ? BAD_INPUT : Promise.reject(error);
  }
}

/** Plans with a memory that is read, or without one. It is loaded when it is asked for: its model is half of a plan's time. */
async function remembering<T>(
  where: string | undefined,
  world: Objects,
  plan: (recall: Pick<PlanOptions, 'recall'>) => Promise<T>,
): Promise<T> {
  if (where === undefined) return plan({});
  const { Memory } = await import('#planner/memory/memory.ts');
  const memory = new Memory({ where, readOnly: true, clock: () => performance.now() });
  try {
    return await plan({ recall: memory.recallIn(world) });
  } finally {
    await memory.close();
  }
}

function print(documents: readonly PlanDocument[], format: Options['output']): void {
  const [only] = documents;
  const answer = documents.length === 1 ? only : { plans: documents };
  if (format === 'json') process.stdout.write(`${JSON.stringify(answer)}\n`);
  else if (format === 'yaml') process.stdout.write(stringify(answer));
  else process.stdout.write(documents.map(planTable).join('\n'));
}
