import { readFile } from 'node:fs/promises';
import { MultiDirectedGraph } from 'graphology';
import { InputError } from '#crds/input-error.ts';
import { jsonlTraces } from '#memory/trace/jsonl.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import type { Trace } from '#memory/trace/trace.ts';
import { fromGraphml } from './graphml.ts';
import { tracesOf } from './memory-graph.ts';
import type { MemoryGraph } from './memory-graph.ts';

/** Formats a memory is written in: a trace a line, graphology's JSON, GraphML. */
export const FORMATS = ['jsonl', 'graphology', 'graphml'] as const;
export type Format = (typeof FORMATS)[number];

/** Format of a file by its name: `.jsonl` or `.ndjson`, `.json`, `.graphml` or `.xml`. */
export function formatOf(file: string): Format {
  if (/\.(graphml|xml)$/.test(file)) return 'graphml';
  return file.endsWith('.json') ? 'graphology' : 'jsonl';
}

/** Traces of a file of any format. Throws `InputError` that names the file, and the line of a JSONL file. */
export async function* tracesIn(file: string, format: Format): AsyncGenerator<Trace> {
  if (format === 'jsonl') {
    yield* jsonlTraces(file);
    return;
  }
  yield* await graphTraces(file, format);
}

async function graphTraces(file: string, format: 'graphology' | 'graphml'): Promise<Trace[]> {
  const refuse = (field: string, message: string, fix: string): InputError =>
    new InputError([{ file, line: 0, object: '', field, message, fix }]);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw refuse('', `cannot be read (${(error as Error).message})`, 'check the path');
  }
  try {
    return tracesOf(format === 'graphml' ? fromGraphml(text) : fromJson(text));
  } catch (error) {
    if (error instanceof RefusedTrace) throw refuse(error.field, error.problem, error.fix);
    throw error;
  }
}

function fromJson(text: string): MemoryGraph {
  try {
    return MultiDirectedGraph.from(JSON.parse(text) as ReturnType<MemoryGraph['export']>);
  } catch (error) {
    throw new RefusedTrace(
      '',
      `it is no graph in graphology's JSON (${(error as Error).message})`,
      'look at the file',
    );
  }
}
