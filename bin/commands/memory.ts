import { Command } from 'commander';
import { quarantineCommand } from './memory-quarantine.ts';
import { guarded } from './memory/common.ts';
import { exportCommand } from './memory/export.ts';
import { gcCommand } from './memory/gc.ts';
import { importCommand } from './memory/import.ts';
import { queryCommand } from './memory/query.ts';
import { reembedCommand } from './memory/reembed.ts';
import { statsCommand } from './memory/stats.ts';

/** `edgeloom memory`: looks at, fills, empties and carries the memory of past deployments. */
export function memoryCommand(): Command {
  return new Command('memory')
    .summary('import, re-embed, query, count, clean, export and guard the memory of past deployments')
    .description('The memory holds a trace of each deployment: what was placed where, and how it went.')
    .addCommand(importCommand())
    .addCommand(reembedCommand())
    .addCommand(queryCommand())
    .addCommand(statsCommand())
    .addCommand(gcCommand())
    .addCommand(exportCommand())
    .addCommand(quarantineCommand(guarded))
    .addHelpText(
      'after',
      `
Exit codes: 0 done; 2 bad input (stderr names the file, the line and how to mend it).

Examples:
  edgeloom memory import --store memory.db traces.jsonl
  edgeloom memory stats --store memory.db
  edgeloom memory reembed --store memory.db
  edgeloom memory query --store memory.db --tenant arena --like 3f9c... -k 5
  edgeloom memory gc --store memory.db --ttl 720h --max-per-shard 100000
  edgeloom memory export --store memory.db --tenant arena --to arena.graphml
  edgeloom memory quarantine list --store memory.db`,
    );
}
