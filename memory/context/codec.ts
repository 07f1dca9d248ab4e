import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { COLUMNS, GRID, WINDOW } from '#memory/encoders/features/columns.ts';
import type { Features } from '#memory/encoders/features/features.ts';
import { MOST_ARCS, MOST_VERTICES } from '#memory/encoders/features/topology.ts';
import { ByteReader, ByteWriter } from '#memory/trace/bytes.ts';
import { RefusedTrace } from '#memory/trace/refusal.ts';
import { COLUMNS_DIGEST, CONTEXT_VERSION, LARGEST_OWN_BYTES, LARGEST_SCENE_BYTES } from './context.ts';
import type { Context } from './context.ts';
import { fromHalf, toHalf } from './halves.ts';

/** Most services and calls of a graph: the limits of a trace. */
const MOST_SERVICES = 64;
const MOST_CALLS = 256;
/** A context that says it is longer is not unpacked. */
const LARGEST_UNPACKED = 2 * 2 ** 20;

/** What many traces share, as 16-bit numbers row by row: vertices, arcs and maps one after the other. */
export interface Scene {
  readonly vertices: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly values: Uint16Array;
}

const WIDTHS = {
  services: COLUMNS.services.length,
  calls: COLUMNS.calls.length,
  vertices: COLUMNS.vertices.length,
  arcs: COLUMNS.arcs.length,
  telemetry: COLUMNS.telemetry.length,
};
const MAP_VALUES = GRID * GRID * COLUMNS.maps.length;

/** The scene of features. */
export function sceneOf({ topology, maps }: Features): Scene {
  const { nodes, edges, from, to } = topology;
  const values = new Uint16Array(nodes.length + edges.length + maps.length);
  for (const [part, at] of [
    [nodes, 0],
    [edges, nodes.length],
    [maps, nodes.length + edges.length],
  ] as const)
    for (const [i, x] of part.entries()) values[at + i] = toHalf(x);
  return { vertices: nodes.length / WIDTHS.vertices, from, to, values };
}

const writer = new ByteWriter();

/** A scene as it is kept: columns one after the other, high bytes before low ones, deflated. */
export function packScene({ vertices, from, to, values }: Scene): Uint8Array {
  const w = writer;
  w.begin();
  w.byte(CONTEXT_VERSION);
  w.natural(vertices);
  w.natural(from.length);
  for (const v of from) w.natural(v);
  for (const v of to) w.natural(v);
  const order = byColumn(vertices, from.length);
  for (const i of order) w.byte((values[i] ?? 0) >>> 8);
  for (const i of order) w.byte((values[i] ?? 0) & 255);
  return deflateRawSync(w.end(), { level: 6 });
}

/** What is a trace's own: service graph, request, telemetry, and where it differs from its scene, as pairs of place and value. */
export function packOwn(features: Features, differs: readonly (readonly [number, number])[]): Uint8Array {
  const { services, request, telemetry } = features;
  const w = writer;
  w.begin();
  w.byte(CONTEXT_VERSION);
  w.natural(services.nodes.length / WIDTHS.services);
  w.natural(services.from.length);
  w.natural(telemetry.length / WIDTHS.telemetry);
  for (const v of services.from) w.natural(v);
  for (const v of services.to) w.natural(v);
  for (const part of [services.nodes, services.edges, request, telemetry]) {
    for (const x of part) w.byte(toHalf(x) >>> 8);
    for (const x of part) w.byte(toHalf(x) & 255);
  }
  w.natural(differs.length);
  let last = 0;
  for (const [at] of differs) {
    w.natural(at - last);
    last = at;
  }
  for (const [, value] of differs) w.byte(value >>> 8);
  for (const [, value] of differs) w.byte(value & 255);
  return deflateRawSync(w.end(), { level: 6 });
}

/** The features back, as an encoder takes them. Throws `RefusedTrace` for a context that is damaged or of other columns. */
export function featuresIn({ columns, scene: sceneBytes, own }: Context): Features {
  if (columns !== COLUMNS_DIGEST)
    throw refused(`its columns are "${columns}", this program reads "${COLUMNS_DIGEST}"`);
  if (sceneBytes.length > LARGEST_SCENE_BYTES || own.length > LARGEST_OWN_BYTES)
    throw refused(`${sceneBytes.length} and ${own.length} bytes are too many`);
  try {
    const { vertices, from, to, values } = readScene(sceneBytes);
    const r = reader(own);
    const count = within(r.natural(), MOST_SERVICES);
    const calls = within(r.natural(), MOST_CALLS);
    const samples = within(r.natural(), WINDOW);
    const callsFrom = places(r, calls, count);
    const callsTo = places(r, calls, count);
    const services = {
      nodes: floats(halves(r, count * WIDTHS.services)),
      edges: floats(halves(r, calls * WIDTHS.calls)),
      from: callsFrom,
      to: callsTo,
    };
    const request = floats(halves(r, COLUMNS.request.length));
    const telemetry = floats(halves(r, samples * WIDTHS.telemetry));
    const differs = within(r.natural(), values.length);
    let at = 0;
    const where = Array.from({ length: differs }, () => (at += r.natural()));
    if (at >= values.length) throw new RangeError('it differs where its scene is not');
    const theirs = halves(r, differs);
    for (const [i, place] of where.entries()) values[place] = theirs[i] ?? 0;
    const [nodes, edges] = [vertices * WIDTHS.vertices, from.length * WIDTHS.arcs];
    return {
      services,
      topology: {
        nodes: floats(values.subarray(0, nodes)),
        edges: floats(values.subarray(nodes, nodes + edges)),
        from,
        to,
      },
      request,
      telemetry,
      maps: floats(values.subarray(nodes + edges)),
    };
  } catch (error) {
    throw refused(`it cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
}

function readScene(bytes: Uint8Array): Scene {
  const r = reader(bytes);
  const vertices = within(r.natural(), MOST_VERTICES);
  const arcs = within(r.natural(), MOST_ARCS);
  const from = places(r, arcs, vertices);
  const to = places(r, arcs, vertices);
  const values = new Uint16Array(vertices * WIDTHS.vertices + arcs * WIDTHS.arcs + MAP_VALUES);
  const found = halves(r, values.length);
  for (const [i, at] of byColumn(vertices, arcs).entries()) values[at] = found[i] ?? 0;
  return { vertices, from, to, values };
}

/** Places of a scene's values, column after column: like stands by like. */
function byColumn(vertices: number, arcs: number): number[] {
  const order: number[] = [];
  let start = 0;
  for (const [rows, width] of [
    [vertices, WIDTHS.vertices],
    [arcs, WIDTHS.arcs],
    [GRID * GRID, COLUMNS.maps.length],
  ] as const) {
    for (let c = 0; c < width; c++) for (let i = 0; i < rows; i++) order.push(start + i * width + c);
    start += rows * width;
  }
  return order;
}

function reader(bytes: Uint8Array): ByteReader {
  const plain = inflateRawSync(bytes, { maxOutputLength: LARGEST_UNPACKED });
  if (plain[0] !== CONTEXT_VERSION)
    throw new RangeError(`version ${plain[0]}, only ${CONTEXT_VERSION} is known`);
  return new ByteReader(plain, 1);
}

function halves(r: ByteReader, count: number): Uint16Array {
  const high = r.bytes(count);
  const low = r.bytes(count);
  return Uint16Array.from(high, (h, i) => h * 256 + (low[i] ?? 0));
}

function floats(values: Uint16Array): Float32Array {
  const result = Float32Array.from(values, fromHalf);
  if (!result.every(Number.isFinite)) throw new RangeError('a value is no number');
  return result;
}

function places(r: ByteReader, count: number, below: number): Int32Array {
  return Int32Array.from({ length: count }, () => within(r.natural(), below - 1));
}

function within(value: number, most: number): number {
  if (value > most) throw new RangeError(`${value} where at most ${most} can be`);
  return value;
}

const refused = (what: string): RefusedTrace =>
  new RefusedTrace('context', what, 'leave it out: the trace is then never embedded again');
