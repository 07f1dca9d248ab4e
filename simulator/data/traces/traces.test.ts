import assert from 'node:assert/strict';
import { InputError } from '#crds/input-error.ts';
import { quantileAt } from '#simulator/processes/quantiles.ts';
import { DataFolder } from '../folder.ts';
import type { SetName } from '../sets.ts';
import { drivingDelays, histogramQuantiles, prototypeDelays } from './delays.ts';
import { framesOfPackets, recordedFrames } from './frames.ts';
import { genaiGaps } from './gaps.ts';
import { azureMinutes, worldCupMinutes } from './minutes.ts';
import { roundTrips } from './round-trips.ts';
import { tracksOf } from './tracks.ts';

/** A folder in which every file has that text. */
class Holding extends DataFolder {
  readonly #text: string;
  constructor(text: string) {
    super();
    this.#text = text;
  }
  override text(_set: SetName, _file: string): string {
    return this.#text;
  }
}

const says = (wanted: RegExp) => (error: unknown) =>
  error instanceof InputError && wanted.test(error.message);

const taxi = (...rows: readonly string[]): string =>
  rows.map((row) => `9814,2007-02-18 ${row}, 24, 22,0`).join('\r\n');
const cup = (...rows: readonly string[]): string =>
  ['period,count', ...rows.map((row) => `1998-06-10 ${row}`)].join('\n');
const azureHeader = [
  'HashFunction,HashOwner,HashApp',
  ...Array.from({ length: 1440 }, (_, i) => `minute_${i + 1}`),
].join(',');
const genaiHeader =
  'gmt_create,predict_type,predict_status,exec_time_seconds,groupId,prompt_length,negative_prompt_length,' +
  'num_images_per_prompt,num_inference_steps,checkpoint_model_version_id,num_lora';
const genai = (...times: readonly string[]): string =>
  [
    genaiHeader,
    ...times.map((at) => `2024-11-15 ${at},TXT_2_IMG,SUCCEED,32.0,G0000,63.0,26.0,1.0,30.0,M0000,0`),
  ].join('\n');

describe('importers of recordings', () => {
  it('taxis: seconds from the first fix, a long silence counts as ten minutes', () => {
    const text = taxi('00:00:13,121.4,31.2', '00:01:13,121.5,31.3', '09:00:00,121.6,31.4');
    const [track] = tracksOf(new Holding(text), 'mobility-shanghai-taxi');
    assert.deepEqual([...(track?.seconds ?? [])], [0, 60, 660]);
    assert.deepEqual([...(track?.latitude ?? [])], [31.2, 31.3, 31.4]);
    assert.deepEqual([...(track?.longitude ?? [])], [121.4, 121.5, 121.6]);
  });

  it('the shipped taxis are all there', () => {
    const tracks = tracksOf(new DataFolder(), 'mobility-shanghai-taxi');
    assert.equal(tracks.length, 10);
    assert.equal(
      tracks.reduce((sum, { seconds }) => sum + seconds.length, 0),
      17_167,
    );
  });

  it('World Cup: the minutes that are asked for; one that is left out had no request', () => {
    const text = cup('00:00:00,5', '00:01:00,6', '00:03:00,8', '00:04:00,9');
    assert.deepEqual([...worldCupMinutes(new Holding(text), '1998-06-10 00:01', 3)], [6, 0, 8]);
  });

  it('Azure: the shipped functions that are busy enough', () => {
    const rows = azureMinutes(new DataFolder(), 1440);
    assert.equal(rows.length, 148);
    assert.ok(rows.every((row) => row.length === 1440 && row.reduce((a, b) => a + b, 0) >= 1440));
    const all = azureMinutes(new DataFolder(), 1);
    assert.equal(
      all.reduce((sum, row) => sum + row.reduce((a, b) => a + b, 0), 0),
      927_272,
    );
  });

  it('gaps have a mean of 1', () => {
    assert.deepEqual([...genaiGaps(new Holding(genai('10:00:00', '10:00:10', '10:00:40')))], [0.5, 1.5]);
  });

  it('histograms: quantiles inside bins, jumps over empty ones', () => {
    const quantiles = histogramQuantiles('1.0 1\n1.5 0\n2.0 3\n', 'h.csv');
    assert.deepEqual(
      [0, 0.125, 0.25, 0.5, 1].map((p) => quantileAt(quantiles, p)),
      [1000, 1250, 2000, 2000 + 500 / 3, 2500],
    );
  });

  it('driving: half of the round trip each way, from the shipped quantiles', () => {
    const { up, loss } = drivingDelays(new DataFolder(), 'urban');
    assert.deepEqual([quantileAt(up, 0.5), quantileAt(up, 0.99)], [8500, 14_000]);
    assert.ok(loss > 0 && loss < 0.05);
  });

  it('round trips: quantiles, and gaps in sending as missing probes', () => {
    const row = (at: number, delay: number): string => `run1,${at},0,${delay},0,0,0,A,1,1`;
    const text = [
      'run,pub_time_ms,sub_time_ms,delay_ms,utm_x_m,utm_y_m,velocity_mps,cell_id,sinr_db,rsrp_db',
      ...[0, 50, 100, 250, 300, 5300].map((at, i) => row(at, 10 + i)),
    ].join('\n');
    const { quantiles, loss } = roundTrips(text, 'x.csv');
    assert.equal(loss, 2 / 8);
    assert.deepEqual(
      [quantiles[0], quantiles.at(-1)],
      [
        [0, 10],
        [1, 15],
      ],
    );
  });

  it('frames: packets without a silence between them are one', () => {
    assert.deepEqual(framesOfPackets('0E-9 200\n0.001 300\n0.0167 500\n', 'p.txt'), [500, 500]);
    assert.equal(recordedFrames(new DataFolder(), 'nokia-480p').length, 29_793);
    const vr =
      '# Application: Virus Popper\n# CSV Format: burstSizeBytes, timeToNextFrameSeconds\n29394,0.0176\n126522,0.0169\n';
    assert.deepEqual([...recordedFrames(new Holding(vr), 'vp_50mbps_60fps')], [29_394, 126_522]);
  });

  const broken: Readonly<Record<string, { readonly read: () => unknown; readonly message: RegExp }>> = {
    'a latitude that is none': {
      read: () =>
        tracksOf(new Holding(taxi('00:00:13,121.4,31.2', '00:01:13,121.5,x')), 'mobility-shanghai-taxi'),
      message:
        /^mobility-shanghai-taxi\/Taxi_90349\.csv\.gz:2: latitude: "x" is no number between -90 and 90/,
    },
    'a fix that is out of order': {
      read: () => tracksOf(new Holding('37.7 -122.3 0 200\n37.7 -122.3 0 100'), 'mobility-sf-cabspotting'),
      message: /^mobility-sf-cabspotting\/new_abboip\.txt\.gz:2: time: is not after/,
    },
    'a row with a cell too few': {
      read: () => worldCupMinutes(new Holding(cup('00:00:00,5', '00:01:00')), '1998-06-10 00:00', 1),
      message: /:3: has 1 cells instead of 2/,
    },
    'a moment that is none': {
      read: () => worldCupMinutes(new Holding(cup('00:00:00,5', '25:01:00,6')), '1998-06-10 00:00', 1),
      message: /:3: period: "1998-06-10 25:01:00" is no moment/,
    },
    'a hole in the minutes': {
      read: () => worldCupMinutes(new Holding(cup('00:00:00,5', '01:00:00,6')), '1998-06-10 00:00', 1),
      message: /:3: period: is 60 minutes after/,
    },
    'minutes that the recording does not have': {
      read: () => worldCupMinutes(new Holding(cup('00:00:00,5', '00:01:00,6')), '1998-06-10 00:00', 3),
      message: /does not have all 3 minutes from 1998-06-10 00:00 on/,
    },
    'another header': {
      read: () => worldCupMinutes(new Holding('minute,n\n1,2'), '1998-06-10 00:00', 1),
      message: /:1: the header is not "period,count"/,
    },
    'an empty file': {
      read: () => recordedFrames(new Holding('# nothing\n'), 'vp_50mbps_60fps'),
      message: /xr-vr-traffic-lecci\/vp_50mbps_60fps\.csv\.gz: the table has no rows/,
    },
    'a frame of no bytes': {
      read: () => recordedFrames(new Holding('100,0.1\n0,0.1\n'), 'vp_50mbps_60fps'),
      message: /:2: burstSizeBytes: "0" is no number between 1/,
    },
    'calls that are negative': {
      read: () => azureMinutes(new Holding(`${azureHeader}\na,a,a${',1'.repeat(1439)},-1`), 1),
      message: /:2: minute_1440: "-1" is no number/,
    },
    'functions that nobody calls so often': {
      read: () => azureMinutes(new DataFolder(), 1e8),
      message: /no function was called 100000000 times; lower leastInvocations/,
    },
    'requests out of order': {
      read: () => genaiGaps(new Holding(genai('10:00:00', '09:00:10'))),
      message: /:3: gmt_create: is before the row before/,
    },
    'bins that fall': {
      read: () => prototypeDelays(new Holding('1 5\n2 5\n1.5 5\n'), 'PD-Wireless-5G-3a'),
      message: /5G-URLLC-mmW-Uplink_PD-Wireless-5G-3a\.csv:3: bin: is not after/,
    },
    'a set that is not there': {
      read: () => recordedFrames(new DataFolder(), 'mc_10mbps_30fps'),
      message: /data set xr-vr-traffic-lecci is needed and no data folder is named/,
    },
  };
  for (const [name, { read, message }] of Object.entries(broken))
    it(`refuses ${name}`, () => assert.throws(read, says(message)));
});
