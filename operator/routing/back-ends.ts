import type { BackEnd } from './back-end.ts';
import { endpointSubset } from './back-ends/endpoint-subset.ts';
import { gateway } from './back-ends/gateway.ts';
import { mesh } from './back-ends/mesh.ts';
import { uniform } from './back-ends/uniform.ts';
import type { Mechanism } from './ladder.ts';

/** The back-ends that need nothing but the API server. */
export const BACK_ENDS: ReadonlyMap<Mechanism, BackEnd> = new Map(
  [mesh, gateway, endpointSubset, uniform].map((backEnd) => [backEnd.mechanism, backEnd]),
);
