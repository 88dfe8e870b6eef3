/** The commands that only Hostelry itself calls: its background processes. */
import type { Command } from "commander";
import { dataOption } from "./program-options.ts";

export function addProcessCommands(program: Command): void {
  program
    .command("supervise", { hidden: true })
    .addOption(dataOption().makeOptionMandatory())
    .action(async (options: { data: string }) => (await import("./commands/supervise.ts")).supervise(options.data));
  program
    .command("control-plane", { hidden: true })
    .addOption(dataOption().makeOptionMandatory())
    .action(async (options: { data: string }) => (await import("./commands/control-plane.ts")).controlPlane(options.data));
  program
    .command("agent", { hidden: true })
    .requiredOption("--node <id>", "the host or storage node")
    .addOption(dataOption().makeOptionMandatory())
    .action(async (options: { data: string; node: string }) => (await import("./commands/agent.ts")).agent(options.data, options.node));
  program
    .command("machine", { hidden: true })
    .requiredOption("--node <id>", "the emulated host")
    .addOption(dataOption().makeOptionMandatory())
    .action(async (options: { data: string; node: string }) => (await import("./commands/machine.ts")).machine(options.data, options.node));
  program
    .command("build-image", { hidden: true })
    .requiredOption("--name <name>", "the image")
    .option("--again", "also when it is there")
    .addOption(dataOption().makeOptionMandatory())
    .action(async (options: { data: string; name: string; again?: boolean }) => (await import("./commands/build-image.ts")).buildImageInBackground(options));
  program.command("build-console", { hidden: true }).action(async () => (await import("./commands/build-console.ts")).buildConsoleInBackground());
  program.command("warm", { hidden: true }).action(async () => (await import("./commands/warm.ts")).warm());
}
