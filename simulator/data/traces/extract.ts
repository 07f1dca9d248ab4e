import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataFolder, EXTRACTS } from '../folder.ts';
import { framesOfPackets } from './frames.ts';
import { roundTrips } from './round-trips.ts';

/*
 * Writes the derived extracts anew from the recordings: node simulator/data/traces/extract.ts FOLDER
 * What is shipped as it was published (taxis of Shanghai, Azure functions) is a copy and needs no program.
 */
const [root] = process.argv.slice(2);
if (root === undefined) throw new Error('name the folder with the recordings');
const folder = new DataFolder(root);

const write = (set: string, file: string, bytes: string | Buffer): void => {
  mkdirSync(join(EXTRACTS, set), { recursive: true });
  writeFileSync(join(EXTRACTS, set, file), bytes);
};

const rows = [
  ['urban', 'urban.csv.gz'],
  ['arterial', 'arterial.csv.gz'],
  ['weak-to-strong', 'w2s.csv.gz'],
].flatMap(([road, file = '']) => {
  const { quantiles, loss } = roundTrips(folder.text('net-5g-delay-cicv5g', file), file);
  return quantiles.map(([p, millis]) => `${road},${loss.toFixed(4)},${p},${millis}`);
});
write('net-5g-delay-cicv5g', 'quantiles.csv', `road,loss,probability,round_trip_ms\n${rows.join('\n')}\n`);

const packets = '480_offloading_real.txt.gz';
const frames = framesOfPackets(folder.text('xr-offloading-nokia', packets), packets);
write('xr-offloading-nokia', '480_frames.csv.gz', gzipSync(`bytes\n${frames.join('\n')}\n`, { level: 9 }));
