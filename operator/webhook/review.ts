import { z } from 'zod';

const API_VERSION = 'admission.k8s.io/v1';

const review = z.looseObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('AdmissionReview'),
  request: z.looseObject({
    uid: z.string().min(1).max(256),
    kind: z.looseObject({ group: z.string(), kind: z.string() }),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    name: z.string().optional(),
    namespace: z.string().optional(),
    object: z.unknown().optional(),
    oldObject: z.unknown().optional(),
  }),
});

/** What the API server asks: may this object be stored? */
export type Question = z.output<typeof review>['request'];

/** One thing that speaks against it, and the field it is about. */
export interface Cause {
  readonly field: string;
  readonly message: string;
}

/** The answer: warnings are shown to whoever applies, a refusal says why. */
export type Verdict =
  | { readonly allowed: true; readonly warnings: readonly string[] }
  | { readonly allowed: false; readonly message: string; readonly causes: readonly Cause[] };

/** The question of an AdmissionReview, or why a body is none. */
export function questionOf(body: unknown): Question | string {
  const read = review.safeParse(body);
  if (read.success) return read.data.request;
  const [issue] = read.error.issues;
  return `no AdmissionReview of ${API_VERSION}: ${issue?.path.map(String).join('.') || 'body'}: ${issue?.message}`;
}

/** The AdmissionReview that carries a verdict back. */
export function answerTo({ uid, kind, name }: Question, verdict: Verdict): object {
  const response = verdict.allowed
    ? { uid, allowed: true, ...(verdict.warnings.length === 0 ? {} : { warnings: verdict.warnings }) }
    : {
        uid,
        allowed: false,
        status: {
          status: 'Failure',
          code: 422,
          reason: 'Invalid',
          message: verdict.message,
          details: {
            group: kind.group,
            kind: kind.kind,
            ...(name === undefined ? {} : { name }),
            causes: verdict.causes.map((cause) => ({ reason: 'FieldValueInvalid', ...cause })),
          },
        },
      };
  return { apiVersion: API_VERSION, kind: 'AdmissionReview', response };
}
