import { problemAt } from '../folder.ts';

/** One line of a file, cut into cells. Every error names the file, the line and the cell. */
export class Line {
  readonly file: string;
  /** From 1. */
  readonly number: number;
  readonly cells: readonly string[];

  constructor(file: string, number: number, cells: readonly string[]) {
    this.file = file;
    this.number = number;
    this.cells = cells;
  }

  /** The cell at an index, trimmed. */
  text(index: number, name: string): string {
    const cell = this.cells[index]?.trim() ?? '';
    if (cell !== '') return cell;
    throw this.wrong(name, 'the cell is empty');
  }

  /** The cell at an index as a number within bounds. */
  amount(index: number, name: string, least: number, most: number): number {
    const text = this.text(index, name);
    const value = Number(text);
    if (Number.isFinite(value) && value >= least && value <= most) return value;
    throw this.wrong(name, `"${text}" is no number between ${least} and ${most}`);
  }

  /** The cell at an index as a moment `YYYY-MM-DD HH:MM:SS`, in seconds. */
  moment(index: number, name: string): number {
    const text = this.text(index, name);
    const seconds = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)
      ? Date.parse(`${text.replace(' ', 'T')}Z`) / 1000
      : Number.NaN;
    if (Number.isFinite(seconds)) return seconds;
    throw this.wrong(name, `"${text}" is no moment such as 2007-02-18 00:00:14`);
  }

  /** Something wrong with this line, as an error. */
  wrong(name: string, message: string): Error {
    return problemAt(this.file, this.number, name, message, 'correct the row, or fetch the set again');
  }
}

/** How a file is cut. */
export interface Layout {
  readonly separator: string | RegExp;
  /** Cells of every row. */
  readonly cells: number;
  /** Exact first row, when there is one. */
  readonly header?: string;
}

/** Rows of a plain text table; lines that are empty or begin with # are left out. At least one row, or an `InputError`. */
export function linesOf(text: string, file: string, { separator, cells, header }: Layout): readonly Line[] {
  const lines: Line[] = [];
  let wantsHeader = header !== undefined;
  for (const [index, whole] of text.split('\n').entries()) {
    const row = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    if (row === '' || row.startsWith('#')) continue;
    if (wantsHeader) {
      wantsHeader = false;
      if (row.replace('\uFEFF', '') === header) continue;
      throw problemAt(file, index + 1, '', `the header is not "${header}"`, 'fetch the set again');
    }
    const line = new Line(file, index + 1, row.trim().split(separator));
    if (line.cells.length !== cells)
      throw line.wrong('', `has ${line.cells.length} cells instead of ${cells}`);
    lines.push(line);
  }
  if (lines.length === 0) throw problemAt(file, 0, '', 'the table has no rows', 'fetch the set again');
  return lines;
}
