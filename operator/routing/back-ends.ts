import type { BackEnd } from './back-end.ts';
import { endpointSubset } from './back-ends/endpoint-subset.ts';
import { gateway } from './back-ends/gateway.ts';
import { mesh } from './back-ends/mesh.ts';
import { uniform } from './back-ends/uniform.ts';
import { xds } from './back-ends/xds.ts';
import type { Mechanism } from './ladder.ts';

/** Every back-end by its mechanism. */
export const BACK_ENDS: ReadonlyMap<Mechanism, BackEnd> = new Map(
  [mesh, xds, gateway, endpointSubset, uniform].map((backEnd) => [backEnd.mechanism, backEnd]),
);
