import { z } from 'zod';
import { inputSchema } from '#crds/json-schema.ts';
import { API_VERSION } from '#crds/meta.ts';
import { exogenousSpec } from '#simulator/processes/schema.ts';
import { applicationsSpec } from './schema/applications.ts';
import { citySpec } from './schema/city.ts';
import { runSpec } from './schema/run.ts';

const name = z
  .string()
  .max(63)
  .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/, { error: 'must be a word such as S1' });

/** A scenario, after `extends` and `vary` have been resolved. */
export const scenarioSpec = z
  .strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('Scenario'),
    name: name.describe('Name of the scenario, part of every result.'),
    description: z.string().max(4000).default('').describe('What it is for, and what is assumed.'),
    city: citySpec,
    applications: applicationsSpec,
    run: runSpec,
    exogenous: exogenousSpec.prefault({}),
  })
  .describe('A city, what runs in it, what happens to it, and for how long.');

/** After defaults. */
export type Scenario = z.output<typeof scenarioSpec>;

/** What only a file has: it is gone when a scenario is resolved. */
export const fileParts = z.strictObject({
  extends: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Scenario to start from: a built-in name, or a file beside this one. What stands here overrides it.',
    ),
  vary: z
    .array(
      z.strictObject({
        name: name.describe('Name of the case, after the scenario’s.'),
        set: z.record(z.string(), z.unknown()).describe('What is different, in the shape of a scenario.'),
      }),
    )
    .min(1)
    .max(1000)
    .optional()
    .describe('Cases of one experiment: each is the scenario with something set.'),
});

/** JSON schema of a scenario, for hints and documentation. */
export const scenarioJson = inputSchema(scenarioSpec);
