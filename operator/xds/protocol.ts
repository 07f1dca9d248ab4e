import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition } from '@grpc/grpc-js';
import type { GrpcObject, ServiceClientConstructor, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTOS = [
  'envoy/service/discovery/v3/ads.proto',
  'envoy/config/listener/v3/listener.proto',
  'envoy/config/route/v3/route.proto',
  'envoy/config/cluster/v3/cluster.proto',
  'envoy/config/endpoint/v3/endpoint.proto',
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
  'envoy/extensions/filters/http/router/v3/router.proto',
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
];
const INCLUDES = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'];

/** The aggregated discovery service, from the definitions that gRPC's own xDS client ships; an `Any` is `{'@type': URL, ...fields}`. */
export function aggregatedDiscovery(): ServiceClientConstructor & { readonly service: ServiceDefinition } {
  const home = dirname(fileURLToPath(import.meta.resolve('@grpc/grpc-js-xds/package.json')));
  const definition = loadSync(PROTOS, {
    keepCase: true,
    longs: Number,
    enums: String,
    oneofs: true,
    includeDirs: INCLUDES.map((folder) => join(home, 'deps', folder)),
  });
  let found: unknown = loadPackageDefinition(definition);
  for (const name of ['envoy', 'service', 'discovery', 'v3', 'AggregatedDiscoveryService'])
    found = (found as GrpcObject)[name];
  return found as ServiceClientConstructor;
}
