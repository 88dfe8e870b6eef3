/** The commands about hosts. */
import { Option, type Command } from "commander";
import { dataOption } from "./program-options.ts";

interface Options {
  readonly data?: string;
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
}
