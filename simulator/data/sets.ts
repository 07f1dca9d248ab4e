/** A public data set that scenarios can use. */
export interface DataSet {
  /** What it holds, in a few words. */
  readonly what: string;
  /** GitHub repository and commit it was taken from. */
  readonly source: string;
  /** As its publishers state it. */
  readonly licence: string;
}

/** Every set that scenarios and processes read, by the name of its folder. */
export const DATA_SETS = {
  'bs-melbourne-eua': {
    what: '125 base stations in the centre of Melbourne and 1,464 in its metropolitan area, 816 generated users',
    source: 'PhuLai/eua-dataset @61238e00a6f0',
    licence: 'MIT; site data of the ACMA',
  },
  'bs-milan-opencellid': {
    what: '5,840 LTE sites of Milan',
    source: 'AlessandroStaffolani/tim-dataset-pipeline @a9968c6d93ee',
    licence: 'MIT; OpenCelliD CC BY-SA 4.0',
  },
  'bs-shanghai-telecom': {
    what: '2,769 base stations of Shanghai with sessions and minutes',
    source: 'GeminiLight/edge-server-placement @9b92e4f1ae1c',
    licence: 'none stated: use for evaluation, cite, do not republish',
  },
  'callgraphs-alibaba-dgg': {
    what: '31,386 call graphs of 1,342 production services',
    source: 'dufanrong/DGG @82db6dce9457',
    licence: 'none stated: use for evaluation, cite, do not republish',
  },
  'callgraphs-mubench': {
    what: 'work models of muBench: 5 of 20 services, and TeaStore',
    source: 'mSvcBench/muBench @671a256b2b2a',
    licence: 'BSD 4-Clause',
  },
  'traces-onlineboutique-nezha': {
    what: 'spans and pod metrics of Online Boutique',
    source: 'IntelligentDDS/Nezha @d8140101fdb4',
    licence: 'MIT',
  },
  'k8s-app-resources': {
    what: 'CPU and memory requests of three demo applications',
    source: 'kubernetes-sigs/scheduler-plugins @903da7df82cb, NetSAIL-UCI/Phoenix @bc2c2bf29047',
    licence: 'Apache-2.0',
  },
  'mobility-shanghai-taxi': {
    what: '10 taxis of Shanghai over a day',
    source: 'flemouel/taxi-trace',
    licence: 'Apache-2.0 (repository)',
  },
  'mobility-sf-cabspotting': {
    what: '5 cabs of San Francisco over 23 days',
    source: 'o-ikne/Trajectories-Clustering',
    licence: 'none stated: use for evaluation, cite CRAWDAD, do not republish',
  },
  'net-5g-latency-deterministic6g': {
    what: 'one-way delays of 5G and mmWave prototypes',
    source: 'DETERMINISTIC6G/deterministic6g_data @694effc0cffa',
    licence: 'CC BY-ND 4.0: no altered copies; its wired part CC BY-SA 4.0',
  },
  'net-5g-delay-cicv5g': {
    what: '165,230 round trips of a moving car over 5G',
    source: 'zxr805/CICV5G @ea215aa92c31',
    licence: 'CC BY 4.0',
  },
  'arrivals-worldcup98': {
    what: 'requests per minute of the 1998 World Cup’s web site, 72,140 minutes',
    source: 'nimamahmoudi/worldcup98-dataset',
    licence: 'MIT; the notice of the recording must travel with it; non-commercial',
  },
  'arrivals-azure-functions': {
    what: 'calls per minute of 1,350 functions over a day',
    source: 'vhive-serverless/invitro',
    licence: 'MIT; Azure data CC BY',
  },
  'arrivals-genai-alibaba': {
    what: '26,823 requests to an AI service',
    source: 'alibaba/clusterdata (v2026-GenAI)',
    licence: 'none stated: use for evaluation, cite, do not republish',
  },
  'xr-vr-traffic-lecci': {
    what: 'frames of 30 VR sessions',
    source: 'signetlabdei/ns-3-vr-app',
    licence: 'GPL-2.0 (code); traces unstated: do not republish',
  },
  'xr-offloading-nokia': {
    what: '197,419 uplink packets of a headset',
    source: 'nokia/5g-network-emulator',
    licence: 'Clear BSD',
  },
} as const satisfies Readonly<Record<string, DataSet>>;

/** Name of a data set: of its folder. */
export type SetName = keyof typeof DATA_SETS;
