import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse as parseYaml } from 'yaml';
import { crdFiles } from '#crds/definitions.ts';
import { API_VERSION, GROUP, VERSION } from '#crds/meta.ts';
import { parseText } from '#crds/parse.ts';
import { SPECS } from '#crds/specs.table.ts';
import type { SpecRow } from '#crds/spec-row.ts';
import { startCluster } from '#hack/control-plane/cluster.ts';
import type { LocalCluster } from '#hack/control-plane/local-cluster.ts';

interface Status {
  readonly message?: string;
  readonly details?: { readonly causes?: readonly { readonly field?: string; readonly message?: string }[] };
}

interface Stored {
  readonly metadata: { readonly name: string; readonly generation: number; readonly resourceVersion: string };
  readonly spec: unknown;
  readonly status?: unknown;
}

const COLLECTION: Readonly<Record<SpecRow['kind'], string>> = {
  ServiceDAG: `/apis/${GROUP}/${VERSION}/namespaces/default/servicedags`,
  EdgeRegion: `/apis/${GROUP}/${VERSION}/edgeregions`,
  DeploymentPlan: `/apis/${GROUP}/${VERSION}/namespaces/default/deploymentplans`,
};

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const MERGE = 'application/merge-patch+json';

const manifest = ({ kind, spec, name = 'fixture' }: SpecRow): object => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name },
  spec,
});

/** `spec.topology.links[0].to` is about `spec.topology.links[0]` too: the server names the one or the other. */
const related = (named: string, wanted: string): boolean =>
  named.startsWith(wanted) || (wanted.startsWith(named) && named !== '' && named !== 'spec');

/** The fields a refusal is about: of schema and rules from its causes, of unknown fields from its text. */
function refusedFields({ message = '', details }: Status): string[] {
  const unknown = [...message.matchAll(/unknown field "([^"]+)"/g)].map(([, field = '']) => field);
  // A rule over the whole object has no field; its message starts with the field.
  const causes = (details?.causes ?? []).map(({ field = '', message = '' }) =>
    field === '' || field === '<nil>' ? (/: (\S+) becomes/.exec(message)?.[1] ?? field) : field,
  );
  return [...causes, ...unknown];
}

describe('the CRDs on a real API server', () => {
  let cluster: LocalCluster;
  const send = <Body>(...args: Parameters<LocalCluster['api']['send']>) => cluster.api.send<Body>(...args);

  before(async function () {
    this.timeout(120_000);
    cluster = await startCluster({ name: `crds-${process.pid}` });
    for (const { path, text } of crdFiles()) {
      const { status, body } = await send<Status>(
        'POST',
        `${DEFINITIONS}?fieldValidation=Strict`,
        parseYaml(text),
      );
      assert.equal(status, 201, `${path}: ${body.message}`);
    }
    for (const path of Object.values(COLLECTION)) {
      const deadline = performance.now() + 15_000;
      while ((await send('GET', path)).status !== 200) {
        assert.ok(performance.now() < deadline, `${path} is not served`);
        await sleep(50);
      }
    }
  });

  after(() => cluster.stop());

  it('establishes every definition without a structural or naming complaint', async () => {
    interface Definition {
      readonly status: {
        readonly conditions: readonly {
          readonly type: string;
          readonly status: string;
          readonly message: string;
        }[];
      };
    }
    for (const plural of ['servicedags', 'edgeregions', 'deploymentplans']) {
      const { status } = await cluster.api.get<Definition>(`${DEFINITIONS}/${plural}.${GROUP}`);
      const conditions = Object.fromEntries(status.conditions.map((c) => [c.type, c.status]));
      assert.equal(conditions.Established, 'True');
      assert.equal(conditions.NamesAccepted, 'True');
      assert.equal(conditions.NonStructuralSchema, undefined);
    }
  });

  for (const row of SPECS) {
    const { kind, says, refused } = row;
    const path = `${COLLECTION[kind]}?dryRun=All&fieldValidation=Strict`;
    if (refused?.by === 'both') {
      it(`${kind}: refuses ${says}`, async () => {
        const { status, body } = await send<Status>('POST', path, manifest(row));
        assert.ok(status === 422 || status === 400, `${status}: ${body.message}`);
        const fields = refusedFields(body);
        assert.ok(
          fields.some((field) => related(field, refused.field)),
          `${fields.join(', ')}: ${body.message}`,
        );
      });
      continue;
    }
    it(`${kind}: accepts ${says}`, async () => {
      const { status, body } = await send<Status & Stored>('POST', path, manifest(row));
      assert.equal(status, 201, body.message);
      if (refused !== undefined) return;
      const { serviceDAGs, edgeRegions, deploymentPlans } = parseText(JSON.stringify(manifest(row)), 'row');
      const [parsed] = [...serviceDAGs, ...edgeRegions, ...deploymentPlans];
      assert.deepEqual(body.spec, parsed?.spec, 'both fill in the same defaults');
    });
  }

  it('says what is wrong with an edge that leads nowhere', async () => {
    const row = SPECS.find(({ says }) => says === 'an edge that leads nowhere');
    assert.ok(row);
    const { body } = await send<Status>('POST', `${COLLECTION.ServiceDAG}?dryRun=All`, manifest(row));
    assert.match(body.message ?? '', /an edge names a microservice that does not exist/);
  });

  describe('a stored DeploymentPlan', () => {
    const good = SPECS.find(({ says }) => says === 'a plan in full');
    const at = `${COLLECTION.DeploymentPlan}/fixture`;

    before(async () => {
      assert.ok(good);
      const { status, body } = await send<Status>('POST', COLLECTION.DeploymentPlan, manifest(good));
      assert.equal(status, 201, body.message);
    });

    it('keeps its spec', async () => {
      const { status, body } = await send<Status>('PATCH', at, { spec: { window: 43 } }, MERGE);
      assert.equal(status, 422);
      assert.match(body.message ?? '', /a plan is immutable: write a new DeploymentPlan/);
    });

    it('takes a status without a new generation, and labels at any time', async () => {
      const patch = { status: { phase: 'Adopted', driftPpm: 1200 } };
      const { status, body } = await send<Status & Stored>('PATCH', `${at}/status`, patch, MERGE);
      assert.equal(status, 200, body.message);
      assert.equal(body.metadata.generation, 1);
      assert.deepEqual(body.status, patch.status);
      const labelled = await send<Status>('PATCH', at, { metadata: { labels: { a: 'b' } } }, MERGE);
      assert.equal(labelled.status, 200, labelled.body.message);
    });

    it('is applied twice without a second version', async () => {
      assert.ok(good);
      const path = `${at}?fieldManager=test&force=true`;
      const apply = () =>
        send<Status & Stored>('PATCH', path, manifest(good), 'application/apply-patch+yaml');
      const first = await apply();
      assert.equal(first.status, 200, first.body.message);
      const second = await apply();
      assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);
    });
  });

  it('merges the conditions of two writers by type', async () => {
    const row = SPECS.find(({ says }) => says === 'an ordinary graph');
    assert.ok(row);
    await cluster.api.create(COLLECTION.ServiceDAG, manifest(row));
    const apply = async (manager: string, type: string): Promise<void> => {
      const when = '2026-01-01T00:00:00Z';
      const condition = {
        type,
        status: 'True',
        lastTransitionTime: when,
        reason: 'Test',
        message: 'as expected',
      };
      const object = {
        apiVersion: API_VERSION,
        kind: 'ServiceDAG',
        metadata: { name: 'fixture' },
        status: { conditions: [condition], predicted: { latencyMicros: 18_250 } },
      };
      const path = `${COLLECTION.ServiceDAG}/fixture/status?fieldManager=${manager}&force=true`;
      const { status, body } = await send<Status>('PATCH', path, object, 'application/apply-patch+yaml');
      assert.equal(status, 200, body.message);
    };
    await apply('one', 'Planned');
    await apply('two', 'Ready');
    const stored = await cluster.api.get<{ status: { conditions: { type: string }[] } }>(
      `${COLLECTION.ServiceDAG}/fixture`,
    );
    assert.deepEqual(stored.status.conditions.map((c) => c.type).sort(), ['Planned', 'Ready']);
  });

  it('answers kubectl with columns and short names', async () => {
    interface Resources {
      readonly resources: readonly {
        readonly name: string;
        readonly shortNames?: readonly string[];
        readonly categories?: readonly string[];
      }[];
    }
    const { resources } = await cluster.api.get<Resources>(`/apis/${GROUP}/${VERSION}`);
    const short = resources
      .filter((r) => !r.name.includes('/'))
      .map((r) => [r.name, r.shortNames, r.categories]);
    assert.deepEqual(
      short.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
      [
        ['deploymentplans', ['dp'], ['edgeloom']],
        ['edgeregions', ['er'], ['edgeloom']],
        ['servicedags', ['sdag'], ['edgeloom']],
      ],
    );
  });
});
