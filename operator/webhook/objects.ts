import type { Kind } from '#kube/kinds.ts';
import type { KubeObject } from '#kube/object.ts';

/** Core Secrets. */
export const SECRET: Kind = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };

const registration = (plural: string, kind: string): Kind => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  plural,
  kind,
  namespaced: false,
});

/** What tells the API server whom to ask before it stores an object: after its own rules, and before them. */
export const REGISTRATIONS: readonly Kind[] = [
  registration('validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'),
  registration('mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'),
];

/** A Secret, as far as the webhook reads and writes it; data is base64. */
export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** A registration, as far as the webhook reads it. */
export interface Registration extends KubeObject {
  readonly webhooks?: readonly {
    readonly name: string;
    /** `caBundle` is base64 of PEM. */
    readonly clientConfig: { readonly caBundle?: string };
  }[];
}

/** Name of the Service and of the registrations in config/webhook. */
export const WEBHOOK_NAME = 'edgeloom-webhook';
/** Name of the Secret that keeps the authority, in the operator's namespace. */
export const AUTHORITY_SECRET = 'edgeloom-webhook-ca';
