/** `up` and its options. */
import { Option, type Command } from "commander";
import { defaultPort } from "./installation.ts";
import { dataOption, parsePort } from "./program-options.ts";

export interface UpOptions {
  readonly data?: string;
  readonly port?: number;
  readonly topology?: string;
  readonly simulated?: true;
  readonly detach?: true;
  readonly foreground?: true;
  readonly openAccounts?: true;
}

const topologyHelp = `
Without --topology: us-east-1 with zones a, b and c, two hosts and a storage node in each. A topology file:

  overcommit: { vcpus: 16, memory: 4 }     # how often capacity is promised; these are the defaults
  regions:
    - name: us-east-1
      zones:
        - name: us-east-1a
          hosts: 2                         # a number, or a list:
        - name: us-east-1b
          hosts:
            - { id: b1, vcpus: 4, memory: 8 GiB, overcommit: { vcpus: 1, memory: 1 } }
            - { id: b2 }                   # all processors, an equal share of the memory
          storageNode: bs`;

export function addUpCommand(program: Command): void {
  program
    .command("up")
    .description("start the data centre and return when it is ready; it runs on in the background")
    .option("--detach", "return at once, before it is ready")
    .addOption(new Option("--foreground", "stay; Ctrl-C shuts everything down").conflicts("detach"))
    .option("--simulated", "no guests, only records: simulated hosts in every region; needs neither root nor packages")
    .addOption(new Option("--port <number>", `the port of the API (first time: ${defaultPort}; 0: any free one)`).argParser(parsePort))
    .option("--topology <file>", "regions, zones and hosts, as YAML (see below)")
    .option("--open-accounts", "any 12-digit access key id with the secret `test` is an account of its own; for tests")
    .addOption(dataOption())
    .addHelpText("after", topologyHelp)
    .action(async (options: UpOptions) => (await import("./commands/up.ts")).up(options));
}
