/** `up` and its options. */
import { Option, type Command } from "commander";
import { defaultPort } from "./installation.ts";
import { acceleratorsOption, dataOption, parseAddress, parsePort } from "./program-options.ts";

export interface UpOptions {
  readonly data?: string;
  readonly port?: number;
  readonly listen?: string;
  readonly topology?: string;
  readonly joinDevice?: string;
  readonly accelerators?: readonly string[];
  readonly simulated?: true;
  readonly detach?: true;
  readonly foreground?: true;
  readonly openAccounts?: true;
}

const topologyHelp = `
Without --topology: us-east-1 with zones a, b and c, two hosts and a storage node in each. A topology file:

  overcommit: { vcpus: 16, memory: 4, disk: 100, network: 100 }   # how often capacity is promised; these are the defaults
  regions:
    - name: us-east-1
      zones:
        - name: us-east-1a
          hosts: 2                         # a number, or a list:
        - name: us-east-1b
          hosts:
            - { id: b1, vcpus: 4, memory: 8 GiB, overcommit: { vcpus: 1, memory: 1 } }
            - { id: b2 }                   # all processors, an equal share of memory, disk and network
            - { id: b3, emulated: yes }    # a computer of its own inside this machine, in which KVM works; slow
            - { id: b4, accelerators: [0000:01:00.0] }   # GPUs and the like that its guests may have
          storageNodes: [bs, bt]           # ids, or a number; one without a word`;

export function addUpCommand(program: Command): void {
  program
    .command("up")
    .description("start the data centre and return when it is ready; it runs on in the background")
    .option("--detach", "return at once, before it is ready")
    .addOption(new Option("--foreground", "stay; Ctrl-C shuts everything down").conflicts("detach"))
    .option("--simulated", "no guests, only records: simulated hosts in every region; needs neither root nor packages")
    .addOption(new Option("--port <number>", `the port of the API (first time: ${defaultPort}; 0: any free one)`).argParser(parsePort))
    .addOption(new Option("--listen <address>", "serve the API and the console to other machines too, by TLS at this address of the machine (127.0.0.1: no longer)").argParser(parseAddress))
    .option("--topology <file>", "regions, zones and hosts, as YAML (see below); or emulated-rack: a host on which hardware assistance works on any machine")
    .addOption(acceleratorsOption("guests may have, dealt out among the hosts for which the topology file names none"))
    .option("--join-device <name>", "a network device by which other machines can join as hosts (see `host join`); it is the data centre's alone")
    .option("--open-accounts", "any 12-digit access key id with the secret `test` is an account of its own; for tests")
    .addOption(dataOption())
    .addHelpText("after", topologyHelp)
    .action(async (options: UpOptions) => (await import("./commands/up.ts")).up(options));
}
