import type { Initialiser } from '#learning/initialisers.ts';
import { constantly } from '#learning/initialisers.ts';
import { add, div, exp, max, mul, sigmoid, sqrt, sub, tanh } from '#learning/ir/elementwise.ts';
import { concat, expand, reshape, transpose } from '#learning/ir/layout.ts';
import { matmul } from '#learning/ir/matmul.ts';
import { sum } from '#learning/ir/reduce.ts';
import { softmax } from '#learning/ir/softmax.ts';
import { input } from '#learning/ir/tensor.ts';
import type { Tensor } from '#learning/ir/tensor.ts';
import type { Parameters } from '#learning/parameters.ts';
import { PARTS } from '../composite.ts';
import { METRIC_ROWS } from '../metric.ts';
import { EDGE_INPUTS, NODE_INPUTS } from '../prune.ts';
import type { Mlp } from '../prune.ts';
import { SET_MODEL } from '../ranking-model.ts';
import { LAYERS } from '../rerank.ts';
import { NODE_WIDTH } from '../trace-graph.ts';
import { OUTCOMES } from './example.ts';

/** Fixed sizes of a batch. */
export interface Sizes {
  readonly batch: number;
  /** Traces near to each situation. */
  readonly near: number;
  /** Services of the largest graph. */
  readonly services: number;
  /** Numbers of a query vector. */
  readonly query: number;
}

/** Units of each hidden layer: those that are set at the start, and some that start with no say. */
export const HIDDEN = 6;

/** Shares of the parts at the start, and their powers. */
const SHARES = PARTS.map(
  (name) => ({ vector: 0.4, metric: 0.2 })[name as string] ?? 0.4 / (PARTS.length - 2),
);
const POWERS = PARTS.map((name) => ({ vector: 8, metric: 1 })[name as string] ?? 2);
/** Spread of the metric's numbers at the start. */
const METRIC_SPREAD = 0.3;
/** ln of the least that a part counts. */
const LEAST = Math.log(1e-6);

/** Pruning starts with a small part of the say that it is set to have: it shall earn the rest. */
const CALM = 0.1;

const from =
  (values: readonly number[]): Initialiser =>
  () =>
    Float32Array.from(values);

/** The set network in `HIDDEN` units: further units see small random shares of everything and do not count yet. */
function mlp(parameters: Parameters, name: string, x: Tensor, set: Mlp): Tensor {
  const { inputs } = set;
  const rows = set.second.length;
  const kernel: Initialiser = (_shape, random) =>
    Float32Array.from({ length: inputs * HIDDEN }, (_, at) => {
      const [i, h] = [Math.floor(at / HIDDEN), at % HIDDEN];
      return h < rows ? (set.first[h * inputs + i] ?? 0) : 0.5 * random.normal();
    });
  const padded = (values: readonly number[]): number[] =>
    Array.from({ length: HIDDEN }, (_, h) => values[h] ?? 0);
  const hidden = tanh(
    add(
      matmul(x, parameters.get(`${name}/first`, [inputs, HIDDEN], kernel)),
      parameters.get(`${name}/firstBias`, [HIDDEN], from(padded(set.firstBias))),
    ),
  );
  return add(
    matmul(
      hidden,
      parameters.get(`${name}/second`, [HIDDEN, 1], from(padded(set.second.map((x) => CALM * x)))),
    ),
    parameters.get(`${name}/secondBias`, [1], from([set.secondBias])),
  );
}

/** What the network gives: scores, the forecast they imply, and q' of each query. */
export interface Ranking {
  readonly scores: Tensor;
  readonly forecast: Tensor;
  readonly expected: Tensor;
  /** Sum of the squares of the pruning networks' last weights: how much of a say pruning takes. */
  readonly say: Tensor;
}

/** `softPrune`, `rerank` and the score of `ordered`, for a batch of padded graphs. Inputs are what `packed` fills. */
export function rankingNetwork(parameters: Parameters, sizes: Sizes): Ranking {
  const { batch, near, services: v, query: width } = sizes;
  const graphs = batch * near;
  const w = NODE_WIDTH;
  const query = input('query', [batch, width]);
  const nodes = input('nodes', [graphs, v, w]);
  const mask = input('mask', [graphs, v]);
  const adjacency = input('adjacency', [graphs, v, v]);
  const expected = matmul(query, parameters.get('projection', [width, w], constantly(0)));
  const perGraph = reshape(expand(reshape(expected, [batch, 1, w]), [batch, near, w]), [graphs, 1, w]);

  const apart = sub(nodes, perGraph);
  const distance = sqrt(add(sum(mul(apart, apart), [2], true), 1e-9));
  const features = input('nodeFeatures', [graphs, v, NODE_INPUTS - 1]);
  const nodeInput = reshape(concat([distance, features], 2), [graphs * v, NODE_INPUTS]);
  const alphaV = mul(
    sigmoid(reshape(mlp(parameters, 'node', nodeInput, SET_MODEL.pruning.node), [graphs, v])),
    mask,
  );
  const edgeInput = reshape(input('edges', [graphs, v, v, EDGE_INPUTS]), [graphs * v * v, EDGE_INPUTS]);
  const alphaE = mul(
    sigmoid(reshape(mlp(parameters, 'edge', edgeInput, SET_MODEL.pruning.edge), [graphs, v, v])),
    adjacency,
  );

  const norm = sqrt(add(sum(mul(perGraph, perGraph), [2], true), 1e-12));
  const unit = div(perGraph, norm);
  const both = add(alphaE, transpose(alphaE, [0, 2, 1]));
  const squares = mul(alphaE, alphaE);
  const bothSquares = add(squares, transpose(squares, [0, 2, 1]));
  const column = reshape(alphaV, [graphs, v, 1]);
  let h = mul(column, nodes);
  for (let layer = 0; layer < LAYERS; layer++) {
    const answers = mul(column, exp(sum(mul(h, unit), [2], true)));
    const weights = matmul(both, answers);
    const sums = matmul(bothSquares, mul(mul(answers, column), h));
    const next = add(h, div(sums, max(weights, 1e-12)));
    h = div(next, sqrt(add(sum(mul(next, next), [2], true), 1e-12)));
  }
  const total = sum(alphaV, [1]);
  const relevance = div(sum(mul(alphaV, reshape(sum(mul(h, unit), [2], true), [graphs, v])), [1]), total);
  const kept = div(total, sum(mask, [1]));

  const count = PARTS.length;
  const parts = softmax(parameters.get('composite', [1, count], from(SHARES.map(Math.log))));
  const powers = exp(parameters.get('powers', [1, count], from(POWERS.map(Math.log))));
  const spread: Initialiser = (_shape, random) =>
    Float32Array.from({ length: width * METRIC_ROWS }, () => METRIC_SPREAD * random.normal());
  const moved = matmul(
    input('differences', [graphs, width]),
    parameters.get('metric', [width, METRIC_ROWS], spread),
  );
  const nearness = max(mul(-1, sum(mul(moved, moved), [1], true)), LEAST);
  // ln s · power, so that s^power = exp(that): powers above 1 tell the like from the very like.
  const logs = concat([input('logSimilarities', [graphs, count - 1]), nearness], 1);
  const raised = exp(mul(logs, powers));
  const similarity = matmul(raised, transpose(parts, [1, 0]));
  const share = sigmoid(parameters.get('relevance', [1], from([Math.log(0.05 / 0.95)])));
  const score = add(
    mul(sub(1, share), mul(reshape(similarity, [graphs]), kept)),
    mul(mul(share, 0.5), add(1, relevance)),
  );
  const scores = reshape(score, [batch, near]);
  const temperature = exp(parameters.get('temperature', [1], from([Math.log(SET_MODEL.temperature)])));
  // -1e9 for what was not among the best when the example was seen last: only the top κ are asked.
  const chosen = add(div(scores, temperature), input('chosen', [batch, near]));
  const shares = reshape(softmax(chosen), [batch, 1, near]);
  const forecast = reshape(matmul(shares, input('outcomes', [batch, near, OUTCOMES.length])), [
    batch,
    OUTCOMES.length,
  ]);
  const say = ['node/second', 'edge/second']
    .map((name) => parameters.get(name, [HIDDEN, 1], constantly(0)))
    .map((weights) => sum(mul(weights, weights)))
    .reduce((a, b) => add(a, b));
  return { scores, forecast, expected, say };
}
