/** `types` and its commands: the catalogue of instance types, explained. */
import { Option, type Command } from "commander";
import { categories } from "../compute/instance-types/series.ts";
import type { ListOptions } from "./commands/types-list.ts";
import type { RecommendOptions } from "./commands/types-recommend.ts";
import { parsePositive } from "./program-options.ts";

export function addTypesCommands(program: Command): void {
  const types = program.command("types").description("the instance types: what their names mean, and which one to take");
  addNameCommands(types);
  addListCommand(types);
  addRecommendCommand(types);
}

function addNameCommands(types: Command): void {
  types
    .command("decode")
    .description("what every letter and number of a name means")
    .argument("<name...>", "c7gn.4xlarge; any well-formed name, known or not")
    .option("--json", "as JSON")
    .action(async (names: string[], options: { json?: boolean }) => (await import("./commands/types-decode.ts")).typesDecode(names, options));
  types
    .command("compare")
    .description("types side by side, and where they differ")
    .argument("<first>", "m7i.large")
    .argument("<others...>", "r7i.large")
    .option("--json", "as JSON")
    .action(async (first: string, others: string[], options: { json?: boolean }) => (await import("./commands/types-compare.ts")).typesCompare([first, ...others], options));
}

function addListCommand(types: Command): void {
  types
    .command("list")
    .description("the types of the catalogue")
    .option("--family <name>", "of this family: m7i")
    .addOption(new Option("--category <name>", "of this category").choices(categories))
    .addOption(new Option("--arch <name>", "for images of this architecture").choices(["i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac"]))
    .addOption(new Option("--vcpu <count>", "with so many vCPUs").argParser(parsePositive))
    .addOption(new Option("--memory <GiB>", "with so much memory").argParser(parsePositive))
    .option("--local-storage", "with local disks")
    .option("--gpu", "with GPUs")
    .option("--burstable", "that earn CPU credits")
    .option("--bare-metal", "without a hypervisor")
    .addOption(new Option("--generation <which>", "current or previous").choices(["current", "previous"]))
    .option("--json", "as JSON, with all figures")
    .action(async (options: ListOptions) => (await import("./commands/types-list.ts")).typesList(options));
}

function addRecommendCommand(types: Command): void {
  types
    .command("recommend")
    .description("the types that suit a need best, with reasons")
    .addOption(new Option("--vcpu <count>", "vCPUs at least").argParser(parsePositive))
    .addOption(new Option("--memory <GiB>", "memory at least").argParser(parsePositive))
    .addOption(new Option("--storage <kind>", "local disks, local hard disks, or volumes only").choices(["local", "hdd", "ebs"]))
    .addOption(new Option("--arch <name>", "for images of this architecture").choices(["x86_64", "arm64"]))
    .addOption(new Option("--network <Gbit/s>", "network at all times, at least").argParser(parsePositive))
    .addOption(new Option("--ebs <Mbit/s>", "bandwidth to volumes at all times, at least").argParser(parsePositive))
    .addOption(new Option("--gpu <count>", "GPUs at least").argParser(parsePositive))
    .addOption(new Option("--load <kind>", "steady leaves burstable types out, burst prefers them").choices(["steady", "burst"]))
    .option("--workload <words>", 'what it is for: "elasticsearch", "postgres", "web server"')
    .option("--previous", "previous generations too")
    .option("--bare-metal", "bare metal instead of virtual machines")
    .addOption(new Option("--limit <count>", "how many").default(5).argParser(parsePositive))
    .option("--json", "as JSON")
    .addHelpText("after", '\nExample: ./hostelry types recommend --vcpu 8 --memory 64 --storage local --workload "elasticsearch"')
    .action(async (options: RecommendOptions) => (await import("./commands/types-recommend.ts")).typesRecommend(options));
}
