// Scores of int8 vectors against one int16 query: score = queryScale * scale[i] * <q, v[i]>.
// Compiled to scan.wasm.ts by memory/store/kernel/generate.ts; AssemblyScript, not TypeScript: hence the ending.

/** Rows of one block; the highest score of each block lets the caller skip blocks. */
const BLOCK: i32 = 64;

@inline
function sumOf4(a: v128, b: v128, c: v128, d: v128): v128 {
  // Transposes 4 accumulators of 4 lanes, then adds: lane i is the sum of accumulator i.
  const ab0 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  const ab = i32x4.add(ab0, ab1);
  const cd = i32x4.add(cd0, cd1);
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3));
}

@inline
function dot16(sum: v128, vector: usize, low: v128, high: v128): v128 {
  const v = v128.load(vector);
  return i32x4.add(
    sum,
    i32x4.add(i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(v), low), i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(v), high)),
  );
}

/** `count` is a multiple of 64 and `width` of 16: the caller pads with zeros. */
export function scan(query: usize, queryScale: f32, vectors: usize, scales: usize, scores: usize, maxima: usize, count: i32, width: i32): void {
  const factor = f32x4.splat(queryScale);
  const row = <usize>width;
  for (let block = 0; block < count; block += BLOCK) {
    let highest = f32x4.splat(-f32.MAX_VALUE);
    for (let i = block; i < block + BLOCK; i += 4) {
      const at = vectors + <usize>i * row;
      let a = i32x4.splat(0);
      let b = i32x4.splat(0);
      let c = i32x4.splat(0);
      let d = i32x4.splat(0);
      for (let j: usize = 0; j < row; j += 16) {
        const low = v128.load(query + (j << 1));
        const high = v128.load(query + (j << 1), 16);
        a = dot16(a, at + j, low, high);
        b = dot16(b, at + j + row, low, high);
        c = dot16(c, at + j + row * 2, low, high);
        d = dot16(d, at + j + row * 3, low, high);
      }
      const four = f32x4.mul(
        f32x4.mul(f32x4.convert_i32x4_s(sumOf4(a, b, c, d)), factor),
        v128.load(scales + (<usize>i << 2)),
      );
      v128.store(scores + (<usize>i << 2), four);
      highest = f32x4.pmax(highest, four);
    }
    const best = max(
      max(f32x4.extract_lane(highest, 0), f32x4.extract_lane(highest, 1)),
      max(f32x4.extract_lane(highest, 2), f32x4.extract_lane(highest, 3)),
    );
    f32.store(maxima + ((<usize>block >> 6) << 2), best);
  }
}
