import type { Api } from './api.ts';
import type { SchedulerOptions } from './configuration.ts';
import type { NodeManifest } from './nodes.ts';
import type { PairFiles } from './pki.ts';
import type { ServerName } from './servers.ts';

/** A cluster that runs until `stop`, or until this process ends in whatever way. */
export interface LocalCluster {
  readonly name: string;
  readonly directory: string;
  /** The address of the API server. */
  readonly server: string;
  /** The administrator's kubeconfig, a path. */
  readonly kubeconfig: string;
  /** The authority that signed every certificate here, a path. */
  readonly caFile: string;
  /** The administrator's client, for setting things up and looking at them. */
  readonly api: Api;
  /** A kubeconfig for any user, as a path; RBAC decides what that user may do. */
  kubeconfigFor(user: string, groups?: readonly string[]): Promise<string>;
  /** The same for a service account, with the groups the API server would give it. */
  kubeconfigForServiceAccount(namespace: string, name: string): Promise<string>;
  /** A certificate to serve with (webhook, extender), signed by this cluster's authority. */
  servingCertificate(name: string, hosts?: readonly string[]): Promise<PairFiles>;
  /** Creates nodes and waits until they are Ready. */
  addNodes(nodes: readonly NodeManifest[]): Promise<void>;
  /** Restarts the scheduler of profile `edgeloom` with other options. */
  useScheduler(options: SchedulerOptions): Promise<void>;
  /** Ends one server at once, as a crash would. */
  kill(name: ServerName): Promise<void>;
  /** Starts a server that was killed and waits until it is well; its port and data are as before. */
  start(name: ServerName): Promise<void>;
  /** The kubelets of all nodes labelled `edgeloomtest: fault` fall silent at once. */
  killFaultNodes(): Promise<void>;
  /** They come back; returns when all nodes are Ready. */
  healFaultNodes(): Promise<void>;
  /** The servers that run, with their process ids. */
  servers(): readonly { readonly name: ServerName; readonly pid: number }[];
  /**
   * Ends every server and removes the folder. `keep` leaves logs and certificates there; so does
   * a set EDGELOOM_KEEP_CLUSTERS in the environment, for looking at what a test left behind.
   */
  stop(keep?: boolean): Promise<void>;
}
