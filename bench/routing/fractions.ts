import { toIntegers, TOTAL } from '#operator/routing/weights.ts';
import { Random } from '#learning/random.ts';
import { figure } from '../report.ts';
import type { Figure } from '../report.ts';

const VECTORS = 10_000;
const MOST = 16;

/** 10,000 random vectors of up to 16 shares as whole weights: sums that are off, and the largest error of a share. */
export function fractionFigures(): Figure[] {
  const random = new Random(1);
  let wrong = 0;
  let worst = 0;
  for (let i = 0; i < VECTORS; i++) {
    // Squares of squares: vectors with a few large shares and many tiny ones are among them.
    const power = 1 + (i % 4);
    const shares = Array.from({ length: 1 + (i % MOST) }, () => (1 - random.uniform()) ** power);
    const sum = shares.reduce((a, b) => a + b, 0);
    const weights = toIntegers(new Map(shares.map((share, g) => [`g${g}`, share])));
    if ([...weights.values()].reduce((a, b) => a + b, 0) !== TOTAL) wrong++;
    for (const [g, share] of shares.entries())
      worst = Math.max(worst, Math.abs((weights.get(`g${g}`) ?? 0) / TOTAL - share / sum));
  }
  return [
    figure('routing.fractions.wrongsums', wrong, 'vectors', '<= 0', VECTORS),
    figure('routing.fractions.error.max', worst, 'share', '<= 0.0001', VECTORS),
  ];
}
