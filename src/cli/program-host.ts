/** The commands about hosts. */
import { Option, type Command } from "commander";
import { acceleratorsOption, dataOption, parsePositive } from "./program-options.ts";
import { addHostChanges } from "./program-topology.ts";

interface Options {
  readonly data?: string;
}

export interface TokenOptions extends Options {
  readonly zone: string;
  readonly host?: string;
  readonly hours: number;
  readonly json?: boolean;
}

export interface JoinOptions extends Options {
  readonly token?: string;
  readonly underlayDevice?: string;
  readonly cards?: readonly string[];
  readonly accelerators?: readonly string[];
  readonly mtu?: number;
  readonly foreground?: true;
}

export function addHostCommands(program: Command): void {
  const host = program.command("host").description("the machines that guests run on");
  host
    .command("list")
    .description("hosts and storage nodes with what is reserved on them")
    .option("--json", "as JSON")
    .addOption(dataOption())
    .action(async (options: Options & { readonly json?: boolean }) => (await import("./commands/host-list.ts")).hostList(options));
  host
    .command("fail")
    .description("a power failure: end everything on hosts, storage nodes or all of a zone at once, and cut them off")
    .argument("<names...>", "ids of nodes, or names of zones")
    .addOption(dataOption())
    .action(async (names: string[], options: Options) => (await import("./commands/host-power.ts")).hostFail(names, options));
  host
    .command("repair")
    .description("switch nodes, or all of a zone, on again")
    .argument("<names...>", "ids of nodes, or names of zones")
    .addOption(dataOption())
    .action(async (names: string[], options: Options) => (await import("./commands/host-power.ts")).hostRepair(names, options));
  host
    .command("drain")
    .description("give hosts no new guests; those that run stay")
    .argument("<names...>", "ids of hosts, or names of zones")
    .addOption(new Option("--end", "give them new guests again"))
    .addOption(dataOption())
    .action(async (names: string[], options: Options & { readonly end?: boolean }) => (await import("./commands/host-drain.ts")).hostDrain(names, options));
  addHostChanges(host);
  addJoining(host);
}

function addJoining(host: Command): void {
  host
    .command("token")
    .description("a token by which one machine joins as a host; used once")
    .requiredOption("--zone <name>", "the zone that the machine stands in")
    .option("--host <id>", "the host that it becomes, in the place of the machine that it was (default: a new one)")
    .addOption(new Option("--hours <number>", "how long it is good").default(24).argParser(parsePositive))
    .option("--json", "as JSON")
    .addOption(dataOption())
    .action(async (options: TokenOptions) => (await import("./commands/host-token.ts")).hostToken(options));
  host
    .command("join")
    .description("make this machine a host of a data centre that runs elsewhere, and return when it is one; again: start it again")
    .argument("[url]", "the control plane's address for hosts, as `host token` shows it")
    .option("--token <token>", "from `host token`")
    .option("--underlay-device <name>", "the network device that reaches the data centre's underlay network; it is the host's alone from then on")
    .option("--cards <names...>", "network devices of cards, and NVMe controllers (nvme0), whose virtual functions (SR-IOV) guests may have, or `none`; they are the host's alone from then on")
    .addOption(acceleratorsOption("guests may have"))
    .addOption(new Option("--mtu <bytes>", "the largest packets that the way to the underlay network has room for (default: what the device carries, at most 9100)").argParser((text) => Math.floor(parsePositive(text))))
    .option("--foreground", "stay, and keep the host running, as a service manager likes it")
    .addOption(dataOption())
    .action(async (url: string | undefined, options: JoinOptions) => (await import("./commands/host-join.ts")).hostJoin(url, options));
}
