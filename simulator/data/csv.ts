import { CsvError, parse } from 'csv-parse/sync';
import type { DataFolder } from './folder.ts';
import { problemAt } from './folder.ts';
import type { SetName } from './sets.ts';

/** A row of a table, and how to read its cells. Every error names the file, the line and the column. */
export class Row {
  readonly file: string;
  /** In the file, from 1. */
  readonly line: number;
  readonly #cells: Readonly<Record<string, string>>;

  constructor(file: string, line: number, cells: Readonly<Record<string, string>>) {
    this.file = file;
    this.line = line;
    this.#cells = cells;
  }

  /** The cell of a column, as written. */
  text(column: string): string {
    const value = this.#cells[column];
    if (value !== undefined) return value;
    const known = Object.keys(this.#cells).join(', ');
    throw problemAt(this.file, 1, column, `there is no column "${column}"`, `columns here: ${known}`);
  }

  /** The cell of a column as a finite number. */
  number(column: string): number {
    const text = this.text(column).trim();
    const value = Number(text);
    if (text !== '' && Number.isFinite(value)) return value;
    throw this.wrong(column, `"${text}" is no number`);
  }

  /** The cell of a column as a number within bounds. */
  within(column: string, least: number, most: number): number {
    const value = this.number(column);
    if (value >= least && value <= most) return value;
    throw this.wrong(column, `${value} is not between ${least} and ${most}`);
  }

  /** Something wrong with this row, as an error. */
  wrong(column: string, message: string): Error {
    return problemAt(this.file, this.line, column, message, 'correct the row, or fetch the set again');
  }
}

/** Rows of a comma-separated text with a header. Throws an `InputError` with the line of the first row that does not fit. */
export function rowsOf(text: string, file: string): Row[] {
  try {
    const records = parse(text, { bom: true, columns: true, info: true, skip_empty_lines: true });
    const rows = (records as unknown as { record: Record<string, string>; info: { lines: number } }[]).map(
      ({ record, info }) => new Row(file, info.lines, record),
    );
    if (rows.length === 0) throw problemAt(file, 0, '', 'the table has no rows', 'fetch the set again');
    return rows;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : 0;
    throw problemAt(file, line, '', error.message, 'correct the row, or fetch the set again');
  }
}

/** Rows of a table of a set. */
export function tableOf(folder: DataFolder, set: SetName, file: string): Row[] {
  return rowsOf(folder.text(set, file), `${set}/${file}`);
}
