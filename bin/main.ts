import { Command } from 'commander';
import { clusterCommand } from '#hack/control-plane/command.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { partCommands } from './commands/parts.ts';
import { memoryCommand } from './commands/memory.ts';
import { planCommand } from './commands/plan.ts';
import { simulateCommand } from './commands/simulate.ts';
import { trainCommand } from './commands/train.ts';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`edgeloom: Node ${process.version} is too old, 22.19 is needed; run: make setup\n`);
  process.exit(1);
}

const program = new Command('edgeloom')
  .description('Places graphs of microservices at the network edge, within their end-to-end latency.')
  .showHelpAfterError('(edgeloom --help lists the commands)');

program.addCommand(planCommand());
program.addCommand(simulateCommand());
program.addCommand(evaluateCommand());
program.addCommand(memoryCommand());
program.addCommand(trainCommand());
program.addCommand(clusterCommand());
for (const command of partCommands()) program.addCommand(command);

/** A wrong command line is bad input: exit 2, on every level of subcommands. */
function exitsWithTwo(command: Command): void {
  command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const child of command.commands) exitsWithTwo(child);
}
exitsWithTwo(program);

await program.parseAsync();
