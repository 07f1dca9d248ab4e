/**
 * Least-cost assignment of `size` rows to `size` columns (Hungarian method with potentials and shortest augmenting paths, O(n³)):
 * column of each row. `cost[row * size + column]` are finite. Equal costs are decided by the lower column.
 */
export function assign(cost: Float64Array, size: number): Int32Array {
  const rowPotential = new Float64Array(size + 1);
  const columnPotential = new Float64Array(size + 1);
  // 1-based, 0 is the column where each search begins.
  const rowOf = new Int32Array(size + 1);
  const before = new Int32Array(size + 1);
  const reached = new Float64Array(size + 1);
  const done = new Uint8Array(size + 1);
  for (let row = 1; row <= size; row++) {
    rowOf[0] = row;
    reached.fill(Infinity);
    done.fill(0);
    let column = 0;
    do {
      done[column] = 1;
      const from = rowOf[column] ?? 0;
      const potential = rowPotential[from] ?? 0;
      const line = (from - 1) * size - 1;
      let step = Infinity;
      let next = 0;
      for (let c = 1; c <= size; c++) {
        if (done[c] === 1) continue;
        const reduced = (cost[line + c] ?? 0) - potential - (columnPotential[c] ?? 0);
        let least = reached[c] ?? 0;
        if (reduced < least) {
          least = reached[c] = reduced;
          before[c] = column;
        }
        if (least < step) {
          step = least;
          next = c;
        }
      }
      for (let c = 0; c <= size; c++) {
        if (done[c] === 1) {
          const r = rowOf[c] ?? 0;
          rowPotential[r] = (rowPotential[r] ?? 0) + step;
          columnPotential[c] = (columnPotential[c] ?? 0) - step;
        } else {
          reached[c] = (reached[c] ?? 0) - step;
        }
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      const previous = before[column] ?? 0;
      rowOf[column] = rowOf[previous] ?? 0;
      column = previous;
    }
  }
  const columns = new Int32Array(size);
  for (let c = 1; c <= size; c++) columns[(rowOf[c] ?? 1) - 1] = c - 1;
  return columns;
}
