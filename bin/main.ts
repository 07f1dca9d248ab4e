import { Command } from 'commander';

/** Each command is loaded when it is asked for: a part that runs for months must not hold the simulator's plots in memory. */
const COMMANDS: Readonly<Record<string, () => Promise<Command[]>>> = {
  plan: async () => [(await import('./commands/plan.ts')).planCommand()],
  simulate: async () => [(await import('./commands/simulate.ts')).simulateCommand()],
  evaluate: async () => [(await import('./commands/evaluate.ts')).evaluateCommand()],
  memory: async () => [(await import('./commands/memory.ts')).memoryCommand()],
  train: async () => [(await import('./commands/train.ts')).trainCommand()],
  cluster: async () => [(await import('#hack/control-plane/command.ts')).clusterCommand()],
  parts: async () => (await import('./commands/parts.ts')).partCommands(),
};
const PARTS: readonly string[] = ['operator', 'planner', 'agent', 'extender', 'prober'];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`edgeloom: Node ${process.version} is too old, 22.19 is needed; run: make setup\n`);
  process.exit(1);
}

const program = new Command('edgeloom')
  .description('Places graphs of microservices at the network edge, within their end-to-end latency.')
  .showHelpAfterError('(edgeloom --help lists the commands)');

const [word = ''] = process.argv.slice(2);
const asked = COMMANDS[PARTS.includes(word) ? 'parts' : word];
for (const load of asked === undefined ? Object.values(COMMANDS) : [asked])
  for (const command of await load()) program.addCommand(command);

/** A wrong command line is bad input: exit 2, on every level of subcommands. */
function exitsWithTwo(command: Command): void {
  command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  for (const child of command.commands) exitsWithTwo(child);
}
exitsWithTwo(program);

await program.parseAsync();
