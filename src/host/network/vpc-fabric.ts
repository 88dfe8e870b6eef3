/** The VPCs of one host: what their specifications say, and the programs that make it so. */
import type { InterfaceId, VpcId } from "../../base/ids.ts";
import { isIpv6Text } from "../../base/ipv6.ts";
import type { InterfaceSpecification, NameSpecification, PlacedInterface, VpcSpecification } from "../protocol/specification.ts";
import type { Appliance } from "./appliances.ts";
import type { TapOwner } from "./interface-rules.ts";
import { vpcLinkIpv6 } from "./link-addresses.ts";
import { vpcDevice, type ApplianceKind } from "./names.ts";
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
  readonly #isOnSwitch: boolean;

  /** The host's address on the underlay network, and whether it is on the switch of the installation's own machine. */
  constructor(hostAddress: string, isOnSwitch: boolean) {
    this.#hostAddress = hostAddress;
    this.#isOnSwitch = isOnSwitch;
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

  /** The NAT gateways and endpoints that this host is to have, of one VPC or of all. */
  appliances(vpc?: VpcId): readonly Appliance[] {
    const specifications = [...this.#specifications.values()].filter(({ id }) => vpc === undefined || id === vpc);
    return specifications.flatMap((specification) =>
      specification.interfaces.flatMap((nic) => {
        const kind = applianceKind(nic, this.#hostAddress);
        return kind === undefined ? [] : toApplianceInterface(specification, nic).map((each) => ({ kind, nic: each }));
      }),
    );
  }

  /** What the VPC's resolver knows besides the names of addresses. */
  names(vpc: VpcId): readonly NameSpecification[] {
    return this.#specifications.get(vpc)?.names ?? [];
  }

  /** Makes the VPC's namespace what is wanted. Devices of all these interfaces must exist. */
  async program(place: VpcPlace, connected: readonly KnownInterface[]): Promise<void> {
    const scene = vpcScene(this.#specifications.get(place.vpc), connected, this.#hostAddress, this.#isOnSwitch);
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

/** The interface's IPv6 addresses and prefixes, if its subnet has a way out for them. */
function ipv6OutsideOf({ subnets }: VpcSpecification, { subnet: id, ipv6Addresses = [] }: PlacedInterface): readonly string[] {
  const routes = subnets.find((each) => each.id === id)?.routes ?? [];
  const leadsOut = routes.some(({ destination, target }) => isIpv6Text(destination) && (target.kind === "internet" || target.kind === "egress-only"));
  return leadsOut ? ipv6Addresses : [];
}

function applianceKind({ natGateway, endpoint, connectEndpoint, hostAddress }: PlacedInterface, here: string): ApplianceKind | undefined {
  if (endpoint === true) return "endpoint";
  if (connectEndpoint === true) return "connectEndpoint";
  return natGateway === true && hostAddress === here ? "natGateway" : undefined;
}

/** An appliance's interface like a guest's; it asks for no name, so none is said. */
function toApplianceInterface({ id, cidrs, subnets }: VpcSpecification, nic: PlacedInterface): readonly InterfaceSpecification[] {
  const subnet = subnets.find((each) => each.id === nic.subnet);
  const [privateAddress] = nic.privateAddresses;
  if (subnet === undefined || privateAddress === undefined) return [];
  return [{ id: nic.id, deviceIndex: 0, mac: nic.mac, privateAddress, subnet: { id: subnet.id, cidr: subnet.cidr }, vpc: { id, cidrs }, hostName: "", domain: "", securityGroups: [], ownerAccount: "" }];
}
