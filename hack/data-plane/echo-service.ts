import type { ServiceDefinition } from '@grpc/grpc-js';

/** A message is its bytes. */
export const bytes = (value: Buffer): Buffer => value;

/** The gRPC service of replicas: any call is answered with the replica's name, as plain bytes. */
export const ECHO: ServiceDefinition = {
  say: {
    path: '/echo.Echo/Say',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  },
};
