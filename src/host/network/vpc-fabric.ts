/** The VPCs of one host: what their specifications say, and the programs that make it so. */
import type { InterfaceId, VpcId } from "../../base/ids.ts";
import { isIpv6Text } from "../../base/ipv6.ts";
import type { InterfaceSpecification, PlacedInterface, VpcSpecification } from "../protocol/specification.ts";
import type { TapOwner } from "./interface-rules.ts";
import { vpcLinkIpv6 } from "./link-addresses.ts";
import { vpcDevice } from "./names.ts";
import type { KnownInterface } from "./network-state.ts";
import type { PublicRoute } from "./public-addresses.ts";
import type { VpcPlace } from "./vpc-namespace.ts";
import { VpcProgram } from "./vpc-program.ts";
import { isPlacedElsewhere, vpcScene } from "./vpc-scene.ts";

export class VpcFabric {
  /** In the order in which they were taken. */
  readonly #specifications = new Map<VpcId, VpcSpecification>();
  readonly #placed = new Map<InterfaceId, PlacedInterface>();
  readonly #programs = new Map<VpcId, VpcProgram>();
  readonly #hostAddress: string;

  /** The host's address on the underlay network. */
  constructor(hostAddress: string) {
    this.#hostAddress = hostAddress;
  }

  take(specification: VpcSpecification): void {
    this.drop(specification.id);
    this.#specifications.set(specification.id, specification);
    for (const nic of specification.interfaces) this.#placed.set(nic.id, nic);
  }

  /** The specification is withdrawn: from now on nothing but the VPC's services can be reached. */
  drop(vpc: VpcId): void {
    for (const { id } of this.#specifications.get(vpc)?.interfaces ?? []) this.#placed.delete(id);
    this.#specifications.delete(vpc);
  }

  /** The NAT gateways that this host is to have, of one VPC or of all. */
  natGateways(vpc?: VpcId): readonly InterfaceSpecification[] {
    const specifications = [...this.#specifications.values()].filter(({ id }) => vpc === undefined || id === vpc);
    return specifications.flatMap((specification) =>
      specification.interfaces.flatMap((nic) => (nic.natGateway === true && nic.hostAddress === this.#hostAddress ? toNatInterface(specification, nic) : [])),
    );
  }

  /** Makes the VPC's namespace what is wanted. Devices of all these interfaces must exist. */
  async program(place: VpcPlace, connected: readonly KnownInterface[]): Promise<void> {
    const scene = vpcScene(this.#specifications.get(place.vpc), connected, this.#hostAddress);
    if (scene === undefined) return;
    const program = this.#programs.get(place.vpc) ?? new VpcProgram();
    this.#programs.set(place.vpc, program);
    await program.apply(place, scene);
  }

  forgetNamespace(vpc: VpcId): void {
    this.#programs.delete(vpc);
  }

  forgetInterface(vpc: VpcId, id: InterfaceId): void {
    this.#programs.get(vpc)?.forgetInterface(id);
  }

  tapOwner({ nic }: KnownInterface): TapOwner {
    const placed = this.#placed.get(nic.id);
    return { id: nic.id, mac: nic.mac, privateAddresses: this.addressesOf(nic), ipv6Addresses: placed?.ipv6Addresses ?? [], sourceDestCheck: placed?.sourceDestCheck ?? true };
  }

  /** The primary first. */
  addressesOf(nic: InterfaceSpecification): readonly string[] {
    return this.#placed.get(nic.id)?.privateAddresses ?? [nic.privateAddress];
  }

  /** The public addresses of these interfaces. One that two specifications give away belongs to the VPC whose specification came last. */
  publicRoutes(connected: readonly KnownInterface[], via: (vpc: VpcId) => string): readonly PublicRoute[] {
    const routes = new Map<string, PublicRoute>();
    for (const [vpc, specification] of this.#specifications) {
      const { interfaces } = specification;
      const here = new Set(connected.filter(({ nic }) => nic.vpc.id === vpc).map(({ nic }) => nic.id));
      const own = interfaces.filter((nic) => here.has(nic.id) && !isPlacedElsewhere(nic, this.#hostAddress));
      for (const address of own.flatMap(({ publicAddresses }) => Object.values(publicAddresses))) {
        routes.set(address, { address, device: vpcDevice(vpc), via: via(vpc) });
      }
      for (const address of own.flatMap((nic) => ipv6OutsideOf(specification, nic))) routes.set(address, { address, device: vpcDevice(vpc), via: vpcLinkIpv6 });
    }
    return [...routes.values()];
  }
}

/** The interface's IPv6 addresses, if its subnet has a way out for them. */
function ipv6OutsideOf({ subnets }: VpcSpecification, { subnet: id, ipv6Addresses = [] }: PlacedInterface): readonly string[] {
  const routes = subnets.find((each) => each.id === id)?.routes ?? [];
  const leadsOut = routes.some(({ destination, target }) => isIpv6Text(destination) && (target.kind === "internet" || target.kind === "egress-only"));
  return leadsOut ? ipv6Addresses : [];
}

/** The gateway's interface like a guest's; it asks for no name, so none is said. */
function toNatInterface({ id, cidrs, subnets }: VpcSpecification, nic: PlacedInterface): readonly InterfaceSpecification[] {
  const subnet = subnets.find((each) => each.id === nic.subnet);
  const [privateAddress] = nic.privateAddresses;
  if (subnet === undefined || privateAddress === undefined) return [];
  return [{ id: nic.id, deviceIndex: 0, mac: nic.mac, privateAddress, subnet: { id: subnet.id, cidr: subnet.cidr }, vpc: { id, cidrs }, hostName: "", domain: "", securityGroups: [], ownerAccount: "" }];
}
