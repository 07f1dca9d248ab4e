import { checkBands } from './dag-checks.ts';
import type { DeploymentPlan } from './deploymentplan.ts';
import type { Written } from './documents.ts';
import { documentsOf } from './documents.ts';
import type { EdgeRegion } from './edgeregion.ts';
import { readSources } from './files.ts';
import type { Source } from './files.ts';
import { fieldOf, pathOf } from './finding.ts';
import { InputError } from './input-error.ts';
import type { InputProblem } from './input-error.ts';
import type { KubeNode, KubePod } from './node.ts';
import type { KindName } from './kinds.ts';
import { readObject } from './read-object.ts';
import type { ServiceDAG } from './servicedag.ts';

/** Where an object was written. */
export interface Origin {
  readonly file: string;
  /** First line of the object, from 1. */
  readonly line: number;
  /** `ServiceDAG arena/stitching`. */
  readonly name: string;
  /** Line of a field such as `spec.edges[2].to`, or of the nearest thing around it. */
  readonly lineOf: (field: string) => number;
}

/** Everything that was read, in the order of the files, and where each object came from. */
export interface ParsedObjects {
  readonly serviceDAGs: readonly ServiceDAG[];
  readonly edgeRegions: readonly EdgeRegion[];
  readonly deploymentPlans: readonly DeploymentPlan[];
  readonly nodes: readonly KubeNode[];
  readonly pods: readonly KubePod[];
  readonly origins: ReadonlyMap<object, Origin>;
  /** What was skipped: objects of other kinds. */
  readonly notes: readonly string[];
}

/**
 * Reads the objects of files and of folders (recursively: `*.yaml`, `*.yml`, `*.json`); `-` is standard input.
 * Throws an `InputError` with everything that is wrong.
 */
export async function parseFiles(paths: readonly string[]): Promise<ParsedObjects> {
  const { sources, problems } = await readSources(paths);
  return collect(sources, problems, paths);
}

/** Reads the objects of a text; `file` is what messages call it. Pure. Throws an `InputError` with everything that is wrong. */
export function parseText(text: string, file: string): ParsedObjects {
  return collect([{ file, text }], [], [file]);
}

function collect(
  sources: readonly Source[],
  unread: readonly InputProblem[],
  asked: readonly string[],
): ParsedObjects {
  const reader = new Reader();
  for (const source of sources) reader.read(source);
  reader.checkReferences();
  const problems = [...unread, ...reader.problems];
  if (problems.length === 0 && reader.objects.origins.size === 0) {
    const fix = 'name files that hold ServiceDAG, EdgeRegion, Node or Pod objects';
    problems.push({
      file: asked.join(', '),
      line: 0,
      object: '',
      field: '',
      message: 'no objects found',
      fix,
    });
  }
  if (problems.length > 0) throw new InputError(problems);
  return reader.objects;
}

class Reader {
  readonly objects = {
    serviceDAGs: [] as ServiceDAG[],
    edgeRegions: [] as EdgeRegion[],
    deploymentPlans: [] as DeploymentPlan[],
    nodes: [] as KubeNode[],
    pods: [] as KubePod[],
    origins: new Map<object, Origin>(),
    notes: [] as string[],
  };
  readonly problems: InputProblem[] = [];
  readonly #byName = new Map<string, Origin>();

  read({ file, text }: Source): void {
    const { documents, problems } = documentsOf(text);
    for (const problem of problems) this.problems.push({ file, object: '', field: '', ...problem });
    for (const document of documents) this.#add(file, document);
  }

  #add(file: string, { value, lineOf }: Written): void {
    const reading = readObject(value);
    const line = lineOf([]);
    if (reading.is === 'skipped') {
      this.objects.notes.push(`${file}:${line}: ${reading.name} skipped: Edgeloom does not read this kind`);
      return;
    }
    if (reading.is === 'wrong') {
      const found = reading.findings.map(({ path, message, fix }) => {
        return { file, line: lineOf(path), object: reading.name, field: fieldOf(path), message, fix };
      });
      this.problems.push(...found.sort((a, b) => a.line - b.line));
      return;
    }
    const { name, object } = reading;
    const origin: Origin = { file, line, name, lineOf: (field) => lineOf(pathOf(field)) };
    const before = this.#byName.get(name);
    if (before !== undefined) {
      const message = `already there: ${before.file}:${before.line}`;
      const where = { file, line: origin.lineOf('metadata.name'), object: name, field: 'metadata.name' };
      this.problems.push({ ...where, message, fix: 'rename or remove one' });
      return;
    }
    this.#byName.set(name, origin);
    this.objects.origins.set(object, origin);
    this.#keep(reading.kind, object);
  }

  #keep(kind: KindName, object: object): void {
    const { serviceDAGs, edgeRegions, deploymentPlans, nodes, pods } = this.objects;
    const lists = {
      ServiceDAG: serviceDAGs,
      EdgeRegion: edgeRegions,
      DeploymentPlan: deploymentPlans,
      Node: nodes,
      Pod: pods,
    };
    (lists[kind] as object[]).push(object);
  }

  /** What only several objects together can tell; without any region at hand there is nothing to compare with. */
  checkReferences(): void {
    const { serviceDAGs, edgeRegions, origins } = this.objects;
    if (edgeRegions.length === 0) return;
    for (const dag of serviceDAGs) {
      const origin = origins.get(dag);
      for (const { path, message, fix } of checkBands(dag, edgeRegions)) {
        const field = fieldOf(path);
        this.problems.push({
          file: origin?.file ?? '',
          line: origin?.lineOf(field) ?? 0,
          object: origin?.name ?? dag.metadata.name,
          field,
          message,
          fix,
        });
      }
    }
  }
}
