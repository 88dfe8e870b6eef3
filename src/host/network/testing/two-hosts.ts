/** An underlay network with two hosts, each with a process of its own, and real guests on them; all of it removed at the end. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { InterfaceId, VpcId } from "../../../base/ids.ts";
import type { InterfaceSpecification, MachineSpecification, VpcSpecification } from "../../protocol/specification.ts";
import { ipBatch } from "../command.ts";
import { listNamespaces, nodeNamespace, switchNamespace, switchPort, underlayDevice } from "../names.ts";
import { choosePublicPool, serviceAddressOf } from "../public-pool.ts";
import { ensureUnderlay, removeUnderlay, type UnderlayPlan } from "../underlay.ts";
import { LineProcess } from "./line-process.ts";
import { newInstallationId, takeTurn } from "./machine-turn.ts";
import { NamespaceGuest } from "./namespace-guest.ts";
import { buildInitrd, UmlGuest } from "./uml-guest.ts";

export interface StartedMachine {
  readonly tap: string;
  readonly metadataPort: number;
  readonly prepareMs: number;
  readonly connectMs: number;
}

/** A host's process. */
export class TestHost {
  readonly namespace: string;
  readonly #arguments: readonly string[];
  #process: LineProcess | undefined;

  constructor({ installation, publicPool }: UnderlayPlan, hostId: string, directory: string, resolvers: readonly string[]) {
    this.namespace = nodeNamespace(installation, hostId);
    const settings = JSON.stringify({ hostId, installation, directory, resolvers, serviceAddress: serviceAddressOf(publicPool) });
    this.#arguments = [`--net=/run/netns/${this.namespace}`, process.execPath, join(import.meta.dirname, "host-process.ts"), settings];
  }

  async open(): Promise<void> {
    this.#process = new LineProcess("nsenter", this.#arguments);
    await this.#process.waitFor((line) => line === "ready", 0, 60_000);
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async start(machine: MachineSpecification): Promise<StartedMachine> {
    return (await this.#call("start", machine)) as StartedMachine; // what host-process.ts answers
  }

  async prepareFor(nic: InterfaceSpecification, uid: number): Promise<void> {
    await this.#call("prepareFor", { nic, uid });
  }

  async remove(id: InterfaceId): Promise<{ readonly removeMs: number }> {
    return (await this.#call("remove", id)) as { removeMs: number }; // what host-process.ts answers
  }

  async retainOnly(ids: readonly InterfaceId[]): Promise<void> {
    await this.#call("retainOnly", ids);
  }

  async applyVpc(specification: VpcSpecification): Promise<{ readonly applyMs: number }> {
    return (await this.#call("applyVpc", specification)) as { applyMs: number }; // what host-process.ts answers
  }

  async forgetBandwidth(id: InterfaceId): Promise<void> {
    await this.#call("forgetBandwidth", id);
  }

  /** What the guest says first to a connection of the service; or why there is none. */
  async greetingOf(address: string, port: number): Promise<string> {
    return (await this.#call("greetingOf", { kind: "tcp", address, port })) as string; // what host-process.ts answers
  }

  /** The same of a connection from the interface of an Instance Connect Endpoint. */
  async tunnelGreetingOf(endpointInterface: InterfaceId, address: string, port: number, clientAddress?: string): Promise<string> {
    return (await this.#call("greetingOf", { kind: "tunnel", endpointInterface, address, port, clientAddress })) as string; // what host-process.ts answers
  }

  /** Has a service of the host listen at the port on all its addresses. */
  async listen(port: number): Promise<void> {
    await this.#call("listen", port);
  }

  async removeVpc(id: VpcId): Promise<void> {
    await this.#call("removeVpc", id);
  }

  async #call(call: string, argument: unknown): Promise<unknown> {
    const host = this.#process;
    if (host === undefined) throw new Error("the host's process was not opened");
    const from = host.seen.length;
    host.write(JSON.stringify({ call, argument }));
    const answer: { value?: unknown; error?: string } = JSON.parse((await host.waitFor((line) => line.startsWith("{"), from)).line);
    if (answer.error !== undefined) throw new Error(`${call} failed: ${answer.error}`);
    return answer.value;
  }
}

export class TwoHosts implements AsyncDisposable {
  readonly plan: UnderlayPlan;
  readonly directory: string;
  readonly a: TestHost;
  readonly b: TestHost;
  readonly #initrd: string;
  readonly #guests: UmlGuest[] = [];
  readonly #namespaceGuests: NamespaceGuest[] = [];

  private constructor(plan: UnderlayPlan, directory: string, resolversOfB: readonly string[]) {
    this.plan = plan;
    this.directory = directory;
    this.a = new TestHost(plan, "a", join(directory, "a"), []);
    this.b = new TestHost(plan, "b", join(directory, "b"), resolversOfB);
    this.#initrd = buildInitrd(directory);
  }

  /** `mtuOfB`: what the way of host b has room for, if that is less than nodes need. */
  static async open(options: { readonly resolversOfB?: readonly string[]; readonly mtuOfB?: number } = {}): Promise<TwoHosts> {
    await using _turn = await takeTurn();
    const underlay = await choosePublicPool();
    const publicPool = await choosePublicPool({ avoid: [underlay] });
    const network = underlay.slice(0, underlay.lastIndexOf(".") + 1);
    const nodes = [{ id: "a", address: `${network}2` }, { id: "b", address: `${network}3` }];
    const directory = mkdtempSync(join(tmpdir(), "hostelry-network-"));
    // The resolver's unprivileged user must be able to read what is in it.
    chmodSync(directory, 0o755);
    const hosts = new TwoHosts({ installation: newInstallationId(), underlay, publicPool, nodes }, directory, options.resolversOfB ?? []);
    try {
      await ensureUnderlay(hosts.plan);
      if (options.mtuOfB !== undefined) await narrow(hosts.plan, "b", options.mtuOfB);
      await Promise.all([hosts.a.open(), hosts.b.open()]);
      return hosts;
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The public address with this last part. */
  publicAddress(last: number): string {
    return `${this.plan.publicPool.slice(0, this.plan.publicPool.lastIndexOf(".") + 1)}${last}`;
  }

  /** Starts the machine on the host with a network namespace for a guest. */
  async attach(host: TestHost, machine: MachineSpecification): Promise<NamespaceGuest> {
    const [nic] = machine.interfaces;
    if (nic === undefined) throw new Error("the machine has no interface");
    const guest = await NamespaceGuest.open(this.plan.installation, host.namespace, nic);
    this.#namespaceGuests.push(guest);
    await host.start(machine);
    return guest;
  }

  /** Starts the machine on the host and boots a guest on its tap. */
  async boot(host: TestHost, machine: MachineSpecification): Promise<UmlGuest> {
    const { tap } = await host.start(machine);
    const mac = machine.interfaces[0]?.mac ?? "";
    const guest = new UmlGuest({ namespace: host.namespace, tap, mac, initrd: this.#initrd, directory: join(this.directory, machine.id) });
    this.#guests.push(guest);
    await guest.booted();
    return guest;
  }

  namespaces(): readonly string[] {
    return listNamespaces(nodeNamespace(this.plan.installation, "")).map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#guests, ...this.#namespaceGuests].map((guest) => guest[Symbol.asyncDispose]()));
    await Promise.all([this.a.kill(), this.b.kill()]);
    await removeUnderlay(this.plan);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Makes the wire between the switch and the node one that has room for so many bytes. */
async function narrow({ installation }: UnderlayPlan, node: string, mtu: number): Promise<void> {
  await ipBatch([`link set ${switchPort(node)} mtu ${mtu}`], { namespace: switchNamespace(installation) });
  await ipBatch([`link set ${underlayDevice} mtu ${mtu}`], { namespace: nodeNamespace(installation, node) });
}
