/**
 * A network namespace in a guest's place, for what needs many guests or much speed: instead of a tap its interface has one end of a
 * pair of devices, the other end of which is the guest's `eth0`.
 */
import type { InterfaceSpecification } from "../../protocol/specification.ts";
import { ipBatch, parameterScript, runCommand, runInNamespace } from "../command.ts";
import { interfaceDevices, nodeNamespace } from "../names.ts";
import { routerAddress, subnetPrefix } from "../dnsmasq-configuration.ts";
import { LineProcess } from "./line-process.ts";

const mtu = 9_001;
/** Seconds. A router that was not yet there is asked again soon; by itself Linux waits twice as long each time. */
const solicitation = { "ipv6/conf/eth0/router_solicitation_interval": 1, "ipv6/conf/eth0/router_solicitation_max_interval": 1 };

export class NamespaceGuest implements AsyncDisposable {
  readonly namespace: string;
  readonly #processes: LineProcess[] = [];

  private constructor(namespace: string) {
    this.namespace = namespace;
  }

  /** `host`: the namespace of the host that the interface will be on. */
  static async open(installation: string, host: string, nic: InterfaceSpecification): Promise<NamespaceGuest> {
    const { tap } = interfaceDevices(nic.id);
    const guest = new NamespaceGuest(nodeNamespace(installation, `guest-${host.slice(-1)}${tap}`));
    await ipBatch([`netns add ${guest.namespace}`]);
    await ipBatch([`link add ${tap} mtu ${mtu} type veth peer name eth0 address ${nic.mac} mtu ${mtu} netns ${guest.namespace}`, `link set ${tap} up`], { namespace: host });
    await runInNamespace(guest.namespace, parameterScript(solicitation));
    const lines = ["link set lo up", `address add ${nic.privateAddress}/${subnetPrefix(nic)} dev eth0`, "link set eth0 up", `route add default via ${routerAddress(nic)}`];
    const ipv6 = (nic.ipv6Addresses ?? []).map((address) => `address add ${address}/128 dev eth0 nodad`);
    await ipBatch([...lines, ...ipv6], { namespace: guest.namespace });
    return guest;
  }

  run(...command: readonly string[]): Promise<string> {
    return runCommand("ip", ["netns", "exec", this.namespace, ...command]);
  }

  /** Whether one packet is answered within a second. */
  pings(address: string, ...options: readonly string[]): Promise<boolean> {
    return this.run("ping", "-n", "-q", "-c", "1", "-W", "1", ...options, address).then(() => true, () => false);
  }

  /** How many requests to answer pings have arrived. */
  async echoRequests(): Promise<number> {
    const [names = [], values = []] = (await this.run("cat", "/proc/net/snmp")).split("\n").filter((line) => line.startsWith("Icmp:")).map((line) => line.split(" "));
    return Number(values[names.indexOf("InEchos")]);
  }

  /** The text at the address, or what went wrong. */
  fetch(url: string): Promise<string> {
    const program = `fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(20000) }).then((answer) => answer.text()).catch((error) => "" + error).then((text) => process.stdout.write(text))`;
    return this.run(process.execPath, "-e", program);
  }

  /** A server that answers every connection with its name and the client's address, and sends back what it is told. */
  async serve(port: number, name: string): Promise<void> {
    const program = `require("net").createServer((s) => { s.on("error", () => {}); s.write(${JSON.stringify(name)} + " " + s.remoteAddress.slice(7) + "\\n"); s.on("data", (d) => s.write(d)); }).listen(${port}, () => console.log("listens"))`;
    await this.serveBy(program);
  }

  /** Runs a program of Node.js that says `listens` when it is ready, until the guest goes. */
  async serveBy(program: string): Promise<void> {
    await this.#start(process.execPath, "-e", program).waitFor((line) => line === "listens");
  }

  /**
   * A connection that stays open; undefined when none could be made within a second, and then nothing more is sent for it. `from`: the guest's address to use.
   * A process that was not given a processor for a second first takes note of what came meanwhile.
   */
  async connect(address: string, port: number, from?: string): Promise<OpenConnection | undefined> {
    const program = `const s = require("net").connect({ port: ${port}, host: ${JSON.stringify(address)}, localAddress: ${JSON.stringify(from)} }); s.on("error", (e) => { console.log("failed " + e.code); process.exit(); }); s.pipe(process.stdout); process.stdin.pipe(s); setTimeout(() => setImmediate(() => s.connecting && (console.log("failed"), process.exit())), 1000);`;
    const connection = this.#start(process.execPath, "-e", program);
    const { line } = await connection.waitFor(() => true);
    if (!line.startsWith("failed")) return new OpenConnection(connection, line);
    await connection.kill(); // while it ends, the kernel may ask once more
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.kill()));
    await ipBatch([`netns delete ${this.namespace}`], { anyway: true });
  }

  #start(...command: readonly string[]): LineProcess {
    const started = new LineProcess("ip", ["netns", "exec", this.namespace, ...command]);
    this.#processes.push(started);
    return started;
  }
}

export class OpenConnection {
  readonly #process: LineProcess;
  /** What the other side calls itself, and by which address it knows this one. */
  readonly peer: string;
  readonly seenAs: string;
  #words = 0;

  constructor(client: LineProcess, greeting: string) {
    this.#process = client;
    [this.peer = "", this.seenAs = ""] = greeting.split(" ");
  }

  /** Whether what is said now comes back. */
  echoes(timeoutMs = 60_000): Promise<boolean> {
    this.#words += 1;
    const word = `word-${this.#words}`;
    this.#process.write(word);
    return this.#process.waitFor((line) => line === word, 0, timeoutMs).then(() => true, () => false);
  }
}
