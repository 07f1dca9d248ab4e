/** How a city is run: what the scenario says beside the city and its fate. Times in integer microseconds. */
export interface RunSettings {
  readonly scenario: string;
  /** Of the scenario's canonical text: part of every result and every resumable file name. */
  readonly scenarioDigest: string;
  readonly seed: number;
  readonly replication: number;
  readonly untilMicros: number;
  /** Requests that arrive before are served but not counted. */
  readonly warmupMicros: number;
  /** Between two `act`s, and of the timeline. */
  readonly periodMicros: number;
  /** Between two `plan`s. */
  readonly windowMicros: number;
  /** Share of the time in which sources emit requests (1: always); rates shown to orchestrators are corrected by it. */
  readonly sampledShare: number;
  /** A client gives up after so long: the request is expired and what is left of it is dropped. */
  readonly patienceMicros: number;
  /** A new replica is ready after `start`, plus `image` when its node has not run that microservice before. */
  readonly coldStart: { readonly imageMicros: number; readonly startMicros: number };
  /** How long a lost replica goes unnoticed before it counts as gone and is recreated. */
  readonly detectionMicros: number;
}
