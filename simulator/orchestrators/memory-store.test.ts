import { CONTRACT } from '#memory/store/contract.table.ts';
import { TEST_ENCODER } from '#memory/test-traces.ts';
import { RunStore } from './memory-store.ts';

describe('the memory of a run', () => {
  const space = { dimension: 16, encoderVersion: TEST_ENCODER };
  for (const [sentence, holds] of Object.entries(CONTRACT))
    it(sentence, () => holds(async (reembed) => new RunStore(space, reembed)));
});
