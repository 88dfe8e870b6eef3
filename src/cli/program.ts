/** The command line: which commands there are and what they take. Each command's code is loaded only when it is called. */
import { Command, CommanderError, Option } from "commander";
import { errorChain } from "../base/errors.ts";
import { virtualizations, type Virtualization } from "../host/protocol/specification.ts";
import { CommandError, exitCodes } from "./command-error.ts";
import { addHostCommands } from "./program-host.ts";
import { addImageCommands } from "./program-image.ts";
import { addProcessCommands } from "./program-processes.ts";
import { addTopologyCommands } from "./program-topology.ts";
import { addTypesCommands } from "./program-types.ts";
import { addUpCommand } from "./program-up.ts";
import { dataOption, parseCount } from "./program-options.ts";

const exitCodeHelp = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not running.
Without --data (or HOSTELRY_DATA) a command means this machine's installation in /var/lib/hostelry,
or the simulated one of this user if there is no other.`;

/** Runs the command line and returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(argv, { from: "user" });
    return Number(process.exitCode ?? exitCodes.ok);
  } catch (thrown) {
    return reportFailure(thrown);
  }
}

function reportFailure(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // it has printed its message
  process.stderr.write(`hostelry: ${errorChain(thrown)}\n`);
  if (process.env["HOSTELRY_DEBUG"] && thrown instanceof Error) process.stderr.write(`${thrown.stack}\n`);
  const remedy = thrown instanceof Error && "remedy" in thrown ? thrown.remedy : undefined;
  if (typeof remedy === "string") process.stderr.write(`  ${remedy}\n`);
  return thrown instanceof CommandError ? thrown.exitCode : exitCodes.failed;
}

export function buildProgram(): Command {
  const program = new Command("hostelry")
    .description("EC2 on your own machines: an unmodified AWS client asks, and it really happens.")
    .showHelpAfterError("Run with --help to see what there is.")
    .showSuggestionAfterError()
    .addHelpText("after", exitCodeHelp)
    .exitOverride();
  // `setup` ends in the launcher; it is named here for the help.
  program.command("setup").description("install what is missing, and nothing else").argument("[arm64]", "also what guests of arm64 need (11 MB to download, 300 MB unpacked)").option("--simulated", "only what simulated hosts need");
  addUpCommand(program);
  addLookCommands(program);
  addHostCommands(program);
  addImageCommands(program);
  addStorageCommands(program);
  addTopologyCommands(program);
  addTypesCommands(program);
  addBenchCommands(program);
  addSimulateCommand(program);
  addProcessCommands(program);
  return program;
}

function addLookCommands(program: Command): void {
  program
    .command("down")
    .description("shut the guests down and end everything; the next `up` starts them again")
    .addOption(dataOption())
    .action(async (options: { data?: string }) => (await import("./commands/down.ts")).down(options));
  program
    .command("status")
    .description("regions, zones, hosts and their engines, guests and their addresses")
    .option("--json", "as JSON")
    .addOption(dataOption())
    .action(async (options: { data?: string; json?: boolean }) => (await import("./commands/status.ts")).status(options));
  program
    .command("env")
    .description('settings for AWS clients: eval "$(./hostelry env)"')
    .option("--remote", "as clients on other machines reach it (see `up --listen`); they need the folder that AWS_DATA_PATH names")
    .addOption(dataOption())
    .action(async (options: { data?: string; remote?: true }) => (await import("./commands/env.ts")).env(options));
  program
    .command("connect")
    .description("a shell in a guest, with a key that the service makes for this one login (EC2 Instance Connect)")
    .argument("<instance>", "its id")
    .option("--user <name>", "the guest's user", "admin")
    .addOption(dataOption())
    .addHelpText("after", "\nWithout --data, AWS_ENDPOINT_URL and the keys of the environment say who asks and where; else it is the installation's root.\nEnds with the shell's own exit code.")
    .action(async (instance: string, options: { data?: string; user: string }) => (await import("./commands/connect.ts")).connect(instance, options));
  program
    .command("console")
    .description("a link to the console that signs in the account's root, once, within five minutes")
    .addOption(dataOption())
    .action(async (options: { data?: string }) => (await import("./commands/console.ts")).openConsole(options));
  program
    .command("doctor")
    .description("what this machine can do, and what to do about the rest")
    .option("--json", "as JSON")
    .addOption(dataOption())
    .action(async (options: { data?: string; json?: boolean }) => (await import("./commands/doctor.ts")).doctor(options));
  program
    .command("reach")
    .description("hop by hop, whether packets get from one end to another, what stops them, and what its rules have counted")
    .argument("<from>", "an instance, an interface, an address, or internet")
    .argument("<to[:port]>", "the same, an address of IPv6 as [ADDRESS]:PORT; without a port, a ping")
    .addOption(new Option("--protocol <name>", "tcp when there is a port").choices(["tcp", "udp", "icmp"]))
    .option("--ipv6", "by their IPv6 addresses, also where none is named")
    .option("--json", "as JSON")
    .addOption(dataOption())
    .addHelpText("after", "\nEnds with 1 when something stops the packets.")
    .action(async (from: string, to: string, options: { data?: string; json?: boolean; protocol?: string; ipv6?: boolean }) => (await import("./commands/reach.ts")).reach(from, to, options));
  program
    .command("inspect")
    .description("what becomes of a guest's privileged operations on its host, and what its devices are")
    .argument("<instance>", "an instance that runs")
    .option("--json", "as JSON")
    .addOption(dataOption())
    .action(async (id: string, options: { data?: string; json?: boolean }) => (await import("./commands/inspect.ts")).inspect(id, options));
  program
    .command("logs")
    .description("what the processes wrote")
    .argument("[component]", "one process: control-plane, supervisor, agent-a1, …")
    .option("-f, --follow", "go on as more is written")
    .addOption(new Option("-n, --lines <count>", "how many of the last lines").default(50).argParser(parseCount))
    .addOption(dataOption())
    .action(async (component: string | undefined, options: { data?: string; follow?: boolean; lines: number }) =>
      (await import("./commands/logs.ts")).logs(component, options),
    );
}

function addStorageCommands(program: Command): void {
  program
    .command("fsck")
    .description("verify every snapshot's blocks, volumes' files and attachments against the rows")
    .option("--repair", "repair what is safe: remove what belongs to nothing, mark snapshots without manifest as failed")
    .option("--json", "as JSON")
    .addOption(dataOption())
    .action(async (options: { data?: string; json?: boolean; repair?: boolean }) => (await import("./commands/fsck.ts")).fsck(options));
  program
    .command("volume")
    .description("volumes as they are kept")
    .command("show")
    .description("who holds a volume, and its layers, exports and work on its storage node")
    .argument("<volume>", "its id")
    .option("--json", "as JSON")
    .addOption(dataOption())
    .action(async (id: string, options: { data?: string; json?: boolean }) => (await import("./commands/volume-show.ts")).volumeShow(id, options));
  program
    .command("snapshot")
    .description("snapshots as they are stored")
    .command("show")
    .description("where a snapshot's bytes are and who needs them")
    .argument("<snapshot>", "its id")
    .option("--json", "as JSON")
    .addOption(dataOption())
    .action(async (id: string, options: { data?: string; json?: boolean }) => (await import("./commands/snapshot-show.ts")).snapshotShow(id, options));
}

function addSimulateCommand(program: Command): void {
  program
    .command("simulate")
    .description("a data centre of any size without machines: how fast and how well instances are placed")
    .addOption(new Option("--hosts <count>", "in three zones").default(1_000).argParser(parseCount))
    .addOption(new Option("--instances <count>", "until it counts as full").default(20_000).argParser(parseCount))
    .addOption(new Option("--seed <number>", "the same seed gives the same calls").default(1).argParser(parseCount))
    .option("--plot <file>", "write plots there, as SVG")
    .option("--json", "as JSON")
    .action(async (options: { hosts: number; instances: number; seed: number; plot?: string; json?: boolean }) => (await import("./commands/simulate.ts")).simulateCommand(options));
}

function addBenchCommands(program: Command): void {
  const bench = program.command("bench").description("measure this installation");
  bench
    .command("launch")
    .description("RunInstances to SSH login, engine by engine")
    .addOption(new Option("--runs <count>", "launches of each kind").default(5).argParser(parseCount))
    .addOption(dataOption())
    .action(async (options: { data?: string; runs: number }) => (await import("./bench/launch.ts")).benchLaunch(options));
  bench
    .command("api")
    .description("calls per second of DescribeInstances and RunInstances (simulated hosts)")
    .addOption(new Option("--seconds <count>", "duration of each measurement").default(5).argParser(parseCount))
    .addOption(dataOption())
    .action(async (options: { data?: string; seconds: number }) => (await import("./bench/api.ts")).benchApi(options));
  bench
    .command("connect")
    .description("a guest's terminal through the service: to its prompt, from a key to its echo, and a hundred at once")
    .addOption(new Option("--runs <count>", "repetitions of each measurement").default(5).argParser(parseCount))
    .addOption(dataOption())
    .action(async (options: { data?: string; runs: number }) => (await import("./bench/connect.ts")).benchConnect(options));
  bench
    .command("network")
    .description("what guests of one VPC send each other against a bare path, and how soon packets follow a change")
    .addOption(new Option("--runs <count>", "repetitions of each measurement").default(3).argParser(parseCount))
    .addOption(dataOption())
    .action(async (options: { data?: string; runs: number }) => (await import("./bench/network.ts")).benchNetwork(options));
  bench
    .command("iam")
    .description("policy decisions per second with 100 statements")
    .addOption(new Option("--seconds <count>", "duration of each measurement").default(2).argParser(parseCount))
    .action(async (options: { seconds: number }) => (await import("./bench/iam.ts")).benchIam(options));
  bench
    .command("virt")
    .description("the same work natively and in a guest of each kind of virtualization, and the network devices that guests can have")
    .addOption(new Option("--seconds <count>", "least duration of each measurement").default(2).argParser(parseCount))
    .addOption(new Option("--only <kind>", "this kind alone, or network devices alone").choices([...virtualizations, "devices"]))
    .addOption(new Option("--plot <file>", "a picture of it, as SVG"))
    .addOption(dataOption())
    .action(async (options: { data?: string; only?: Virtualization | "devices"; seconds: number; plot?: string }) => (await import("./bench/virt.ts")).benchVirt(options));
  bench
    .command("storage")
    .description("volumes against local disks as guests see them, and what snapshots and images take")
    .addOption(new Option("--runs <count>", "repetitions of each measurement and operation").default(5).argParser(parseCount))
    .addOption(new Option("--seconds <count>", "duration of each measurement in a guest").default(5).argParser(parseCount))
    .addOption(dataOption())
    .action(async (options: { data?: string; runs: number; seconds: number }) => (await import("./bench/storage.ts")).benchStorage(options));
}
