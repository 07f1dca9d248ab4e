import { LineCounter, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Document, Node } from 'yaml';
import type { Path } from './finding.ts';

/** An object as it was written, and the way back to its lines. */
export interface Written {
  readonly value: unknown;
  /** Line of a field, or of the nearest thing around it that was written. From 1. */
  readonly lineOf: (path: Path) => number;
}

/** Text that is no YAML. */
export interface SyntaxProblem {
  readonly line: number;
  readonly message: string;
  readonly fix: string;
}

/** Every document of a YAML (or JSON) text; lists of Kubernetes objects are taken apart. Pure, never throws. */
export function documentsOf(text: string): { documents: Written[]; problems: SyntaxProblem[] } {
  const lines = new LineCounter();
  const documents: Written[] = [];
  const problems: SyntaxProblem[] = [];
  try {
    for (const document of parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      merge: true,
    })) {
      // One mistake of syntax makes many: the first is the one to mend.
      const first = document.errors.find((e) => e.code !== 'DUPLICATE_KEY');
      for (const error of first === undefined ? document.errors : [first]) {
        problems.push({ line: lines.linePos(error.pos[0]).line, ...explain(error.code, error.message) });
      }
      if (document.errors.length > 0 || document.contents === null) continue;
      const value: unknown = document.toJS({ maxAliasCount: 100 });
      if (value !== null)
        documents.push(...takenApart({ value, lineOf: (path) => lineIn(document, lines, path) }));
    }
  } catch (error) {
    // Too many aliases, or nested too deep for the stack: nothing a file says may end the process.
    const message = error instanceof Error ? error.message : String(error);
    problems.push({
      line: 1,
      message: `the YAML cannot be read (${message})`,
      fix: 'make it flatter, with fewer aliases',
    });
  }
  return { documents, problems };
}

function explain(code: string, message: string): { message: string; fix: string } {
  if (code === 'DUPLICATE_KEY') return { message: 'the same key is there twice', fix: 'remove one' };
  const indent = code === 'TAB_AS_INDENT' || code === 'BAD_INDENT';
  return {
    message: `YAML error: ${message}`,
    fix: indent ? 'indent with spaces, each level alike' : 'correct the YAML',
  };
}

/** A `List` (or `ServiceDAGList`, ...) as its items. */
function takenApart({ value, lineOf }: Written): Written[] {
  if (typeof value !== 'object' || value === null) return [{ value, lineOf }];
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ value, lineOf }];
  return items.map((item: unknown, i) => ({ value: item, lineOf: (path) => lineOf(['items', i, ...path]) }));
}

function lineIn(document: Document, lines: LineCounter, path: Path): number {
  let node: unknown = document.contents;
  let start = document.contents?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === String(step));
      if (pair === undefined) break;
      start = (pair.key as Node).range?.[0] ?? start;
      node = pair.value;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      start = (node as Node | undefined)?.range?.[0] ?? start;
    } else break;
  }
  return lines.linePos(start).line;
}
