/**
 * A VPC over two hosts with namespaces as guests: a1 and a2 on host a; b1, and b2 of another subnet, on host b. Guest c, on b too, is
 * of another VPC and has the address of a2.
 */
import { expect, vi } from "vitest";
import { ipv6PoolOf } from "../../../base/ipv6.ts";
import type { InterfaceSpecification, PlacedInterface, VpcSpecification } from "../../protocol/specification.ts";
import { runCommand } from "../command.ts";
import { vpcNamespace } from "../names.ts";
import type { NamespaceGuest } from "./namespace-guest.ts";
import { interfaceSpecimen, machineSpecimen } from "./specimens.ts";
import { TwoHosts, type TestHost } from "./two-hosts.ts";
import { placed, vpcSpecimen } from "./vpc-specimens.ts";

export const nics = {
  a1: interfaceSpecimen("11", "1", "172.31.0.11"),
  a2: interfaceSpecimen("12", "1", "172.31.0.12"),
  b1: interfaceSpecimen("13", "1", "172.31.0.13"),
  b2: { ...interfaceSpecimen("14", "1", "172.31.16.14"), subnet: { id: "subnet-0bbbbbbbbbbbbbb77", cidr: "172.31.16.0/20" } },
  c: interfaceSpecimen("15", "2", "172.31.0.12"),
} satisfies Record<string, InterfaceSpecification>;
export type GuestName = keyof typeof nics;
const vpcNames = ["a1", "a2", "b1", "b2"] as const;

export class FabricBench implements AsyncDisposable {
  readonly hosts: TwoHosts;
  readonly guests: Record<GuestName, NamespaceGuest>;
  /** As `nics`, with IPv6 if there is any. */
  readonly nics: Record<GuestName, InterfaceSpecification>;
  /** The hosts believe each other to be on the switch that they are on. */
  readonly #isWired: boolean;
  #generation = 0;

  private constructor(hosts: TwoHosts, isWired: boolean, own: Record<GuestName, InterfaceSpecification>, guests: Record<GuestName, NamespaceGuest>) {
    this.hosts = hosts;
    this.#isWired = isWired;
    this.nics = own;
    this.guests = guests;
  }

  /** Not `isWired`: as between two machines. With `ipv6` each interface of the VPC has an address of IPv6 (`ipv6Of`) and the subnets have blocks of it. */
  static async open({ ipv6 = false, isWired = true, ...more }: { readonly ipv6?: boolean; readonly isWired?: boolean; readonly mtuOfB?: number } = {}): Promise<FabricBench> {
    const hosts = await TwoHosts.open(more);
    try {
      const own = nicsOf(hosts.plan.installation, ipv6);
      const attach = (name: GuestName) => attachTo(hosts, name, own[name]);
      const [a1, a2, b1, b2, c] = [await attach("a1"), await attach("a2"), await attach("b1"), await attach("b2"), await attach("c")];
      return new FabricBench(hosts, isWired, own, { a1, a2, b1, b2, c });
    } catch (error) {
      await hosts[Symbol.asyncDispose]();
      throw error;
    }
  }

  hostAddress(host: "a" | "b"): string {
    return this.hosts.plan.nodes.find(({ id }) => id === host)?.address ?? "";
  }

  /** The VPC's interfaces as the specification places them, each with what is to be different. */
  placed(change: Partial<Record<GuestName, Partial<PlacedInterface>>> = {}): readonly PlacedInterface[] {
    const wired = this.#isWired ? { isHostOnSwitch: true as const } : {};
    return vpcNames.map((name) => placed(this.nics[name], this.hostAddress(name.startsWith("a") ? "a" : "b"), { ...wired, ...change[name] }));
  }

  /** Both hosts know the VPC so; the milliseconds that host a took. */
  async apply(change: Partial<VpcSpecification> = {}): Promise<number> {
    this.#generation += 1;
    const specification = { ...vpcSpecimen(vpcNames.map((name) => this.nics[name]), this.placed(), change), generation: this.#generation };
    const [{ applyMs }] = await Promise.all([this.hosts.a.applyVpc(specification), this.hosts.b.applyVpc(specification)]);
    return applyMs;
  }

  /** Waits until routers have told the VPC's guests, and others, the way to everything by IPv6: they do so once the specification is known, and not at once. */
  async hearRouters(...others: readonly NamespaceGuest[]): Promise<void> {
    const guests = [...vpcNames.map((name) => this.guests[name]), ...others];
    const hear = async (guest: NamespaceGuest) => expect(await guest.run("ip", "-6", "route", "show", "default")).toContain(" proto ra ");
    for (const guest of guests) await vi.waitFor(() => hear(guest), { timeout: 20_000, interval: 100 });
  }

  /** The subnets, with changes to that of a1, a2 and b1. */
  subnets(change: Partial<VpcSpecification["subnets"][number]>): VpcSpecification["subnets"] {
    const { subnets } = vpcSpecimen(vpcNames.map((name) => this.nics[name]), []);
    return subnets.map((subnet) => (subnet.id === nics.a1.subnet.id ? { ...subnet, ...change } : subnet));
  }

  /** Which of the targets the guest reaches by their private addresses. */
  async reaches(from: GuestName, targets: readonly GuestName[]): Promise<readonly GuestName[]> {
    // What a guest could not reach a moment ago it does not ask for again at once.
    await this.guests[from].run("ip", "neigh", "flush", "dev", "eth0");
    const answers = await Promise.all(targets.map((target) => this.guests[from].pings(nics[target].privateAddress)));
    return targets.filter((_target, index) => answers[index] === true);
  }

  /** The guest's IPv6 address. */
  ipv6Of(name: GuestName): string {
    return this.nics[name].ipv6Addresses?.[0] ?? "";
  }

  /** The guest stops, its interface goes, and both come back. */
  async restart(name: GuestName): Promise<void> {
    await this.guests[name][Symbol.asyncDispose]();
    await hostOf(this.hosts, name).remove(nics[name].id);
    this.guests[name] = await attachTo(this.hosts, name, this.nics[name]);
  }

  /** Runs a command in the VPC's namespace on a host. */
  inVpc(host: "a" | "b", ...command: readonly string[]): Promise<string> {
    return runCommand("ip", ["netns", "exec", vpcNamespace(this.hosts.plan.installation, host, nics.a1.vpc.id), ...command]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hosts[Symbol.asyncDispose]();
  }
}

function attachTo(hosts: TwoHosts, name: GuestName, nic: InterfaceSpecification): Promise<NamespaceGuest> {
  return hosts.attach(hostOf(hosts, name), machineSpecimen(nic.id.slice(-2), nic));
}

/** b2's subnet has a block of its own; each address ends as the interface's id. */
function nicsOf(installation: string, ipv6: boolean): Record<GuestName, InterfaceSpecification> {
  if (!ipv6) return nics;
  const block = (number: number) => ipv6PoolOf(installation).replace(/0::\/44$/, `0:${number}::/64`);
  const dual = (nic: InterfaceSpecification, number: number): InterfaceSpecification => ({
    ...nic,
    subnet: { ...nic.subnet, ipv6Cidr: block(number) },
    vpc: { ...nic.vpc, ipv6Cidrs: [block(100).replace("/64", "/56")] },
    ipv6Addresses: [block(number).replace("::/64", `::${nic.id.slice(-2)}`)],
  });
  return { a1: dual(nics.a1, 101), a2: dual(nics.a2, 101), b1: dual(nics.b1, 101), b2: dual(nics.b2, 102), c: nics.c };
}

function hostOf(hosts: TwoHosts, name: GuestName): TestHost {
  return name.startsWith("a") ? hosts.a : hosts.b;
}
