import assert from 'node:assert/strict';
import { answerTo, questionOf } from './review.ts';
import type { Question } from './review.ts';

const request = {
  uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
  kind: { group: 'edgeloom.dev', version: 'v1alpha1', kind: 'ServiceDAG' },
  resource: { group: 'edgeloom.dev', version: 'v1alpha1', resource: 'servicedags' },
  name: 'shop',
  namespace: 'default',
  operation: 'CREATE',
  userInfo: { username: 'admin' },
  object: { kind: 'ServiceDAG' },
  oldObject: null,
  dryRun: false,
};
const review = (over: object = {}): object => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { ...request, ...over },
});

describe('an AdmissionReview', () => {
  it('is read as the API server writes it', () => {
    const question = questionOf(review());
    assert.ok(typeof question === 'object');
    assert.deepEqual([question.uid, question.operation, question.name], [request.uid, 'CREATE', 'shop']);
  });

  const bad: Record<string, { body: unknown; says: RegExp }> = {
    'nothing is none': { body: undefined, says: /no AdmissionReview.*body/ },
    'a list is none': { body: [], says: /no AdmissionReview.*body/ },
    'another version is none': {
      body: { ...review(), apiVersion: 'admission.k8s.io/v1beta1' },
      says: /apiVersion/,
    },
    'another kind is none': { body: { ...review(), kind: 'Pod' }, says: /: kind/ },
    'it needs a request': { body: { ...review(), request: undefined }, says: /: request/ },
    'it needs a uid': { body: review({ uid: undefined }), says: /request\.uid/ },
    'and one that is bounded': { body: review({ uid: 'x'.repeat(257) }), says: /request\.uid/ },
    'it needs a kind': { body: review({ kind: 'ServiceDAG' }), says: /request\.kind/ },
    'it needs an operation that there is': { body: review({ operation: 'EAT' }), says: /request\.operation/ },
  };
  for (const [says, { body, says: pattern }] of Object.entries(bad)) {
    it(says, () => {
      const answer = questionOf(body);
      assert.ok(typeof answer === 'string');
      assert.match(answer, pattern);
    });
  }

  it('is answered with its uid, and warnings only when there are some', () => {
    const question = questionOf(review()) as Question;
    const plain = answerTo(question, { allowed: true, warnings: [] });
    const whole = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
    assert.deepEqual(plain, { ...whole, response: { uid: request.uid, allowed: true } });
    const warned = answerTo(question, { allowed: true, warnings: ['well'] });
    assert.deepEqual(warned, { ...whole, response: { uid: request.uid, allowed: true, warnings: ['well'] } });
  });

  it('is refused with a Status that names each field', () => {
    const question = questionOf(review()) as Question;
    const causes = [{ field: 'spec.edges[0]', message: 'cycle' }];
    const { response } = answerTo(question, { allowed: false, message: 'no', causes }) as {
      response: { allowed: boolean; status: object };
    };
    assert.equal(response.allowed, false);
    assert.deepEqual(response.status, {
      status: 'Failure',
      code: 422,
      reason: 'Invalid',
      message: 'no',
      details: {
        group: 'edgeloom.dev',
        kind: 'ServiceDAG',
        name: 'shop',
        causes: [{ reason: 'FieldValueInvalid', field: 'spec.edges[0]', message: 'cycle' }],
      },
    });
  });
});
