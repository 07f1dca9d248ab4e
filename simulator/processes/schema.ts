import { z } from 'zod';
import { arrivalsSpec } from './schema/arrivals.ts';
import { failuresSpec } from './schema/failures.ts';
import { mobilitySpec } from './schema/mobility.ts';
import { radioSpec } from './schema/radio.ts';
import { workSpec } from './schema/work.ts';

/**
 * What happens to a city whatever its orchestrator does, as a scenario says it. `{}` is a Poisson process per ingress entry at the
 * rate it says; nobody moves, nothing fails, no noise on the air, service times as the spec has them.
 */
export const exogenousSpec = z
  .strictObject({
    arrivals: arrivalsSpec.prefault({}),
    mobility: mobilitySpec.prefault({ model: 'none' }),
    radio: radioSpec.prefault({ profile: 'none' }),
    work: workSpec.prefault({}),
    failures: failuresSpec.prefault({}),
  })
  .describe('What happens to the city whatever its orchestrator does.');

/** After defaults. */
export type ExogenousSpec = z.output<typeof exogenousSpec>;
