import type { Application, Edge } from './application.ts';
import { drawAt } from './random.ts';
import type { Requests } from './requests.ts';

/** Calls that a request makes along an edge: the whole part of `callsPerRequest`, and one more by a draw. */
export function callsOf({ calls, index }: Edge, number: number, seed: number): number {
  const whole = Math.floor(calls);
  return calls === whole ? calls : whole + (drawAt(seed, number, index) < calls - whole ? 1 : 0);
}

/** How many inputs each join will get, and how many ends there will be. */
export function expect(requests: Requests, application: Application, slot: number, seed: number): void {
  const number = requests.number[slot] ?? 0;
  const first = slot * requests.joins;
  for (let j = 0; j < application.joins; j++) {
    requests.inputs[first + j] = 0;
    requests.chosen[first + j] = -1;
    requests.latest[first + j] = -1;
    requests.firstSync[first + j] = Infinity;
    requests.lastSync[first + j] = -Infinity;
  }
  requests.sinks[slot] = application.exits;
  if (!application.optional) {
    for (const { join, inputs } of application.services)
      if (join >= 0) requests.inputs[first + join] = inputs;
    return;
  }
  const reached = application.services.map(({ inputs }) => inputs === 0);
  let sinks = 0;
  for (const service of application.services) {
    if (reached[service.local] !== true) continue;
    let calls = 0;
    for (const edge of service.outgoing) {
      if (callsOf(edge, number, seed) === 0) continue;
      calls++;
      reached[edge.to.local] = true;
      const { join } = edge.to;
      if (join >= 0) requests.inputs[first + join] = (requests.inputs[first + join] ?? 0) + 1;
    }
    if (calls === 0) sinks++;
  }
  requests.sinks[slot] = sinks;
}
