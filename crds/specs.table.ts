import { DEPLOYMENT_PLANS } from './deploymentplan.specs.ts';
import { EDGE_REGIONS } from './edgeregion.specs.ts';
import { SERVICE_DAGS } from './servicedag.specs.ts';
import type { SpecRow } from './spec-row.ts';

/**
 * Good and bad specs of every kind: one table for the parser (specs.test.ts) and for a real API server (e2e/crds.e2e.test.ts),
 * so that the two cannot drift apart.
 */
export const SPECS: readonly SpecRow[] = [...SERVICE_DAGS, ...EDGE_REGIONS, ...DEPLOYMENT_PLANS];
