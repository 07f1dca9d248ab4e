import assert from 'node:assert/strict';
import { z } from 'zod';
import { amount } from './fields.ts';
import { inputSchema } from './json-schema.ts';
import { toStructural } from './structural.ts';

const convert = (shape: z.ZodRawShape): ReturnType<typeof toStructural> =>
  toStructural(inputSchema(z.strictObject(shape)), 'spec');

describe('toStructural', () => {
  it('drops what closes an object, and keeps what opens it', () => {
    const open = z.looseObject({}).meta({ 'x-kubernetes-preserve-unknown-fields': true }).describe('Open.');
    assert.deepEqual(convert({ open }), {
      type: 'object',
      required: ['open'],
      properties: {
        open: {
          description: 'Open.',
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: {},
        },
      },
    });
  });

  it('writes int-or-string in its one legal form, with the bounds of both beside it', () => {
    const { properties } = convert({ payload: amount().default('0').describe('Bytes.') });
    const { pattern, maximum, ...rest } = properties?.['payload'] ?? {};
    assert.deepEqual(rest, {
      description: 'Bytes.',
      default: '0',
      minimum: 0,
      maxLength: 32,
      'x-kubernetes-int-or-string': true,
      anyOf: [{ type: 'integer' }, { type: 'string' }],
    });
    assert.equal(maximum, Number.MAX_SAFE_INTEGER);
    assert.equal(typeof pattern, 'string');
  });

  const refused: Record<string, { shape: z.ZodRawShape; want: RegExp }> = {
    'a union': {
      shape: { x: z.union([z.int(), z.boolean()]).describe('X.') },
      want: /^spec\.x: anyOf has no place/,
    },
    'a nullable field': { shape: { x: z.boolean().nullable().describe('X.') }, want: /spec\.x: nullable/ },
    'a float': { shape: { x: z.number().describe('X.') }, want: /spec\.x: floats are not allowed/ },
    'a string without a bound': {
      shape: { x: z.string().describe('X.') },
      want: /spec\.x: a string needs maxLength/,
    },
    'a list without a bound': {
      shape: { x: z.array(z.boolean()).describe('X.') },
      want: /spec\.x: a list needs maxItems/,
    },
    'a map without a bound': {
      shape: { x: z.record(z.string(), z.boolean()).describe('X.') },
      want: /spec\.x: a map needs maxProperties/,
    },
    'a field without a description': { shape: { x: z.boolean() }, want: /spec: x has no description/ },
    'a transform': { shape: { x: z.string().transform(Number).pipe(z.number()) }, want: /./ },
  };
  for (const [says, { shape, want }] of Object.entries(refused)) {
    it(`refuses ${says}`, () => assert.throws(() => convert(shape), { message: want }));
  }
});
