export type Row = Readonly<Record<string, string>>;

/** Reads plain comma-separated text: a header, no quotes. A row of another width is refused, never guessed at. */
export function parseCsv(text: string, name: string): Row[] {
  const [header = '', ...lines] = text.trimEnd().split(/\r?\n/);
  const columns = header.split(',');
  return lines.map((line, index) => {
    const cells = line.split(',');
    if (cells.length !== columns.length || line.includes('"')) {
      throw new Error(
        `${name} line ${index + 2}: expected ${columns.length} plain cells, got ${cells.length}`,
      );
    }
    return Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? '']));
  });
}

/** The cell of a column; throws with the file's name when the column is missing. */
export function cell(row: Row, column: string, name: string): string {
  const value = row[column];
  if (value === undefined)
    throw new Error(`${name}: no column "${column}"; it has ${Object.keys(row).join(', ')}`);
  return value;
}

/** The cell of a column as a finite number. */
export function numberCell(row: Row, column: string, name: string): number {
  const text = cell(row, column, name);
  const value = Number(text);
  if (text === '' || !Number.isFinite(value))
    throw new Error(`${name}: column "${column}" holds "${text}", not a number`);
  return value;
}

/** Writes rows with the given columns, one line each, newline at the end. */
export function formatCsv(
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  return [columns.join(','), ...rows.map((row) => row.join(','))].join('\n') + '\n';
}
