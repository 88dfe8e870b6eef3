/** Stands for the world behind the machine: a namespace of its own, with a resolver that knows `outside.example` alone. */
import { formatIpv4, parseCidr } from "../../../base/ipv4.ts";
import { ipBatch, runCommand } from "../command.ts";
import { endProcessesIn } from "../namespace-processes.ts";
import { choosePublicPool } from "../public-pool.ts";
import { newInstallationId, takeTurn } from "./machine-turn.ts";

export class Outside implements AsyncDisposable {
  readonly address: string;
  /** Of the namespace, and of the machine's device into it. */
  readonly #name: string;

  private constructor(name: string, address: string) {
    this.#name = name;
    this.address = address;
  }

  static async open(): Promise<Outside> {
    await using _turn = await takeTurn();
    const name = `${newInstallationId()}out`;
    const { base = 0 } = parseCidr(await choosePublicPool()) ?? {};
    const [machine, address] = [formatIpv4(base + 1), formatIpv4(base + 2)];
    const outside = new Outside(name, address);
    await ipBatch([
      `netns add ${name}`,
      `link add ${name} type veth peer name eth0 netns ${name}`,
      `address add ${machine}/30 dev ${name}`,
      `link set ${name} up`,
    ]);
    await ipBatch(["link set lo up", `address add ${address}/30 dev eth0`, "link set eth0 up"], { namespace: name });
    const options = ["--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--address=/outside.example/203.0.113.7"];
    await runCommand("nsenter", [`--net=/run/netns/${name}`, "dnsmasq", ...options]);
    return outside;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endProcessesIn([this.#name]);
    await ipBatch([`netns delete ${this.#name}`, `link delete ${this.#name}`], { anyway: true });
  }
}
