import { stringify } from 'yaml';
import { inputSchema } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';
import { GROUP, VERSION } from './meta.ts';
import { RESOURCES } from './resources.ts';
import type { Resource } from './resources.ts';
import { toStructural } from './structural.ts';

const NAME_RULE = {
  rule: "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')",
  message: 'metadata.name becomes a label: at most 63 lower case letters, digits and "-"',
};

/** The CustomResourceDefinition of a resource. */
function definition(resource: Resource): object {
  const { kind, plural } = resource;
  const openAPIV3Schema: JsonSchema = {
    description: resource.description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Version of the schema of this object.', type: 'string' },
      kind: { description: 'Kind of this object.', type: 'string' },
      metadata: { type: 'object' },
      spec: toStructural(inputSchema(resource.spec), 'spec'),
      status: toStructural(inputSchema(resource.status), 'status'),
    },
    ...(resource.labelName ? { 'x-kubernetes-validations': [NAME_RULE] } : {}),
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [resource.shortName],
        categories: ['edgeloom'],
      },
      scope: resource.scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: resource.columns,
          schema: { openAPIV3Schema },
        },
      ],
    },
  };
}

/** A generated file: path below the repository, and text. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** The CustomResourceDefinitions as files of `crds/bases`. Same source, same bytes. */
export function crdFiles(): GeneratedFile[] {
  return RESOURCES.map((resource) => ({
    path: `crds/bases/${GROUP}_${resource.plural}.yaml`,
    text:
      '# Generated from the zod schemas in crds/ by hack/generate.ts: change those, then run `make generate`.\n' +
      stringify(definition(resource), { lineWidth: 0, aliasDuplicateObjects: false }),
  }));
}
