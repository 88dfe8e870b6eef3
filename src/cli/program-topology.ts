/** The commands about what the data centre consists of: regions, zones and storage nodes, and the installation's own hosts. */
import { Option, type Command } from "commander";
import type { TopologyPart } from "./topology-edit.ts";
import { acceleratorsOption, dataOption, parseCount, parsePositive } from "./program-options.ts";

interface Options {
  readonly data?: string;
}

export interface ZoneAddOptions extends Options {
  readonly hosts: number;
}

export interface RegionAddOptions extends ZoneAddOptions {
  /** Letters or names, with commas between. */
  readonly zones: string;
}

export interface HostAddOptions extends Options {
  readonly zone: string;
  readonly id?: string;
  readonly count: number;
  readonly vcpus?: number;
  readonly memory?: string;
  readonly emulated?: true;
  readonly cards?: readonly string[];
  readonly accelerators?: readonly string[];
}

export interface StorageNodeAddOptions extends Options {
  readonly zone: string;
  readonly id?: string;
}

type ListOptions = Options & { readonly json?: boolean };

const added = "Takes effect at once, and for every later `up` without --topology.";

export function addTopologyCommands(program: Command): void {
  const region = program.command("region").description("the regions of the data centre");
  addList(region, "the regions", async (options) => (await import("./commands/topology-list.ts")).regionList(options));
  region
    .command("add")
    .description("another region, while the data centre runs")
    .argument("<name>", "of a public region, such as eu-west-1")
    .addOption(new Option("--zones <letters>", "its zones, with commas between").default("a"))
    .addOption(hostsOption())
    .addOption(dataOption())
    .addHelpText("after", `\n${added}`)
    .action(async (name: string, options: RegionAddOptions) => (await import("./commands/topology-edit.ts")).regionAdd(name, options));
  addRemoval(region, "region", "all of a region that nothing is in any more");

  const zone = program.command("zone").description("the zones of the data centre");
  addList(zone, "the zones", async (options) => (await import("./commands/topology-list.ts")).zoneList(options));
  zone
    .command("add")
    .description("another zone with its storage node, while the data centre runs")
    .argument("<name>", "such as us-east-1d")
    .addOption(hostsOption())
    .addOption(dataOption())
    .addHelpText("after", `\n${added}`)
    .action(async (name: string, options: ZoneAddOptions) => (await import("./commands/topology-edit.ts")).zoneAdd(name, options));
  addRemoval(zone, "zone", "all of a zone that nothing is in any more");

  const storage = program.command("storage-node").description("the storage nodes, which hold the volumes of their zones");
  addList(storage, "the storage nodes", async (options) => (await import("./commands/topology-list.ts")).storageNodeList(options));
  storage
    .command("add")
    .description("one more for volumes of accounts that have none in the zone yet, while the data centre runs")
    .requiredOption("--zone <name>", "the zone that it stands in")
    .option("--id <id>", "its id (default: the next free one)")
    .addOption(dataOption())
    .addHelpText("after", `\n${added}`)
    .action(async (options: StorageNodeAddOptions) => (await import("./commands/topology-edit.ts")).storageNodeAdd(options));
  addRemoval(storage, "storage-node", "a storage node that no volume is on any more");
}

function hostsOption(): Option {
  return new Option("--hosts <number>", "hosts in each zone").default(1).argParser(parseCount);
}

function addList(command: Command, what: string, action: (options: ListOptions) => Promise<void>): void {
  command.command("list").description(what).option("--json", "as JSON").addOption(dataOption()).action(action);
}

function addRemoval(command: Command, part: TopologyPart, description: string): void {
  command
    .command("remove")
    .description(`${description}; refused, with the reason, as long as there is`)
    .argument("<name>")
    .addOption(dataOption())
    .action(async (name: string, options: Options) => (await import("./commands/topology-edit.ts")).remove(part, name, options));
}

/** The host's own part of it. */
export function addHostChanges(host: Command): void {
  host
    .command("add")
    .description("more hosts on this machine, while the data centre runs")
    .requiredOption("--zone <name>", "the zone that they stand in")
    .option("--id <id>", "the host's id (default: the next free one)")
    .addOption(new Option("--count <number>", "how many").default(1).argParser(parseCount))
    .addOption(new Option("--vcpus <number>", "processors (default: all of the machine's; 2 of an emulated one)").argParser(parsePositive))
    .option("--memory <size>", "such as '8 GiB' (default: an equal share of the machine's; 2.5 GiB of an emulated one, of which its own system has a part)")
    .option("--emulated", "a computer of its own inside this machine, in which KVM works; slow")
    .option("--cards <names...>", "network devices of cards, and NVMe controllers (nvme0), whose virtual functions (SR-IOV) its guests may have, and nobody else; what is in the controllers' namespaces is erased. With --emulated those of the computer: eth1, nvme0")
    .addOption(acceleratorsOption("its guests may have"))
    .addOption(dataOption())
    .addHelpText("after", `\n${added}`)
    .action(async (options: HostAddOptions) => (await import("./commands/topology-edit.ts")).hostAdd(options));
  addRemoval(host, "host", "a host of this machine, or one that joined (`down` there ends what still runs on it), that nothing is on any more (see `host drain`)");
}
