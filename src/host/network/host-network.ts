/**
 * The network of one host: namespaces of VPCs, taps for engines, DHCP and resolver, address translation, public addresses, and
 * the way of each interface to its metadata. Runs inside the host's own network namespace, as root.
 *
 * Promised: every call may be repeated and makes what it finds missing; calls are carried out one after the other. Nothing here
 * depends on this process staying alive: closing it, or killing it, leaves every guest's network as it is, and a later
 * `openHostNetwork` with the same directories takes over. It refuses to touch what does not carry this host's names.
 *
 * The tap of an interface stays in the host's namespace for good (`interface-rules.ts` says why), so it does not matter whether
 * `connectInterface` comes before or after the engine opened it.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { InterfaceId, VpcId } from "../../base/ids.ts";
import { formatCidr } from "../../base/ipv4.ts";
import type { RuleCounter } from "../protocol/counted-rule.ts";
import type { InterfaceSpecification, VpcSpecification } from "../protocol/specification.ts";
import { noFunctions, type FunctionPool } from "../virtual-function/function-pool.ts";
import { askedRules } from "./asked-addresses.ts";
import { Appliances, listenWith } from "./appliances.ts";
import { dnsmasqFiles } from "./dnsmasq-configuration.ts";
import { dnsmasqPaths, ensureDnsmasq, removeDnsmasqFiles, reviveDnsmasq } from "./dnsmasq.ts";
import { readDevice, readHostLinks, type DeviceFacts } from "./host-links.ts";
import { setHostParameters } from "./host-parameters.ts";
import type { HostNetwork, HostNetworkOptions, PreparedInterface } from "./host-network-options.ts";
import { hostRules } from "./host-rules.ts";
import { ensureInterfaceLink, removeInterfaceLinks, type TapUser } from "./interface-link.ts";
import { KnownInterfaces } from "./known-interfaces.ts";
import { vpcLinkAddress } from "./link-addresses.ts";
import { interfaceRules } from "./interface-rules.ts";
import { interfaceDevices, listNamespaces, vpcNamespace } from "./names.ts";
import type { KnownInterface } from "./network-state.ts";
import { vpcMtu } from "./packet-size.ts";
import { prefixesOf, PublicAddresses } from "./public-addresses.ts";
import { readRuleCounters } from "./rule-counters.ts";
import { RuleLoader } from "./rule-loader.ts";
import { openServiceAddress } from "./service-address.ts";
import { findSilentGuests } from "./silent-guests.ts";
import { removeStrangers } from "./strangers.ts";
import { VpcFabric } from "./vpc-fabric.ts";
import { ensureVpcNamespace, removeVpcNamespace, type VpcPlace } from "./vpc-namespace.ts";

const reviveMs = 1_000;

export async function openHostNetwork(options: HostNetworkOptions): Promise<HostNetwork> {
  const underlay = await readDevice(options.underlayDevice);
  mkdirSync(vpcDirectories(options), { recursive: true, mode: 0o755 });
  setHostParameters(options.underlayDevice);
  const services = options.services === undefined ? undefined : await openServiceAddress(options.services.address, options.services.accept);
  const network = new ProgrammedNetwork(options, underlay, services);
  if (!network.takesOver()) await network.programHost();
  return network;
}

function vpcDirectories(options: HostNetworkOptions): string {
  return join(options.runDirectory, "network");
}

class ProgrammedNetwork implements HostNetwork {
  readonly #options: HostNetworkOptions;
  readonly #underlay: DeviceFacts;
  readonly #underlayBlock: string;
  readonly #mtu: number;
  readonly #fabric: VpcFabric;
  readonly #known: KnownInterfaces;
  readonly #functions: FunctionPool;
  readonly #appliances: Appliances;
  readonly #public: PublicAddresses;
  readonly #services: Disposable | undefined;
  readonly #reviver: NodeJS.Timeout;
  readonly #loader = new RuleLoader();
  /** Namespaces of VPCs that this process has seen complete. */
  readonly #complete = new Set<string>();
  /** VPCs whose namespaces are to be programmed anew. */
  readonly #outdated = new Set<VpcId>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: HostNetworkOptions, underlay: DeviceFacts, services: Disposable | undefined) {
    this.#options = options;
    this.#underlay = underlay;
    this.#underlayBlock = formatCidr(underlay.block);
    this.#mtu = vpcMtu(underlay.mtu);
    this.#fabric = new VpcFabric(underlay.address, options.isOnSwitch ?? false);
    this.#known = new KnownInterfaces(options.stateDirectory);
    this.#functions = options.functions ?? noFunctions;
    this.#appliances = new Appliances({ ...options, ...listenWith(options) });
    this.#public = new PublicAddresses(options.underlayDevice);
    this.#services = services;
    this.#reviver = setInterval(() => void this.#inTurn(() => this.#reviveAll()), reviveMs);
    this.#reviver.unref();
  }

  prepareInterface(nic: InterfaceSpecification, user?: TapUser): Promise<PreparedInterface> {
    return this.#inTurn(async () => {
      const before = this.#known.get(nic.id);
      const renewTap = before !== undefined && user !== undefined && before.tapUser?.uid !== user.uid;
      const cardFunction = nic.virtualFunction === true ? (before?.cardFunction ?? this.#functions.choose(this.#known.cardFunctions())) : undefined;
      const known = this.#known.remember(nic, { ...(user === undefined ? {} : { user }), ...(cardFunction === undefined ? {} : { cardFunction }) });
      if (cardFunction !== undefined) await this.#functions.prepare(cardFunction, nic.mac, user);
      await this.#ensureDevices(nic, known, renewTap && cardFunction === undefined);
      return { tap: interfaceDevices(nic.id).tap, metadataPort: known.metadataPort, mtu: this.#mtu, ...(cardFunction === undefined ? {} : { cardFunction: cardFunction.address }) };
    });
  }

  async connectInterface(nic: InterfaceSpecification): Promise<void> {
    await this.#inTurn(async () => {
      const known = this.#known.remember(nic, { connected: true });
      this.#outdated.add(nic.vpc.id);
      await this.#ensureDevices(nic, known, false);
    });
    await this.#inTurn(() => this.#programOutdated(nic.vpc.id));
  }

  setTokenHopLimit(id: InterfaceId, hopLimit: number): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#known.get(id);
      if (known === undefined || known.hopLimit === hopLimit) return;
      this.#known.setHopLimit(id, hopLimit);
      this.#outdated.add(known.nic.vpc.id);
      await this.#programOutdated(known.nic.vpc.id);
    });
  }

  applyVpc(specification: VpcSpecification): Promise<void> {
    this.#fabric.take(specification); // now: what is programmed for the first of many VPCs must not forget the others
    return this.#inTurn(() => this.#follow(specification.id));
  }

  removeVpc(id: VpcId): Promise<void> {
    this.#fabric.drop(id);
    return this.#inTurn(() => this.#follow(id));
  }

  async readCounters(vpc: VpcId): Promise<readonly RuleCounter[] | undefined> {
    return this.#known.connectedIn(vpc).length === 0 ? undefined : readRuleCounters(this.#place(vpc).namespace);
  }

  /** Not in turn with the rest: it waits for guests. */
  async findSilent(ids: readonly InterfaceId[]): Promise<ReadonlySet<InterfaceId>> {
    const asked = ids.flatMap((id) => this.#known.get(id) ?? []).filter(({ connected }) => connected);
    const byVpc = Map.groupBy(asked, ({ nic }) => nic.vpc.id);
    const silent = await Promise.all([...byVpc].map(([vpc, known]) => findSilentGuests(this.#place(vpc).namespace, known.map(({ nic }) => nic))));
    return new Set(silent.flat());
  }

  removeInterface(id: InterfaceId): Promise<void> {
    return this.#inTurn(() => this.#remove([id]));
  }

  retainOnly(ids: readonly InterfaceId[]): Promise<void> {
    return this.#inTurn(async () => {
      const kept = new Set([...ids, ...this.#fabric.appliances().map(({ nic }) => nic.id)]);
      await this.#remove(this.#known.all().flatMap(({ nic }) => (kept.has(nic.id) ? [] : nic.id)));
      const { installation, hostId } = this.#options;
      await this.#appliances.retainOnly(this.#known.appliances().map(({ nic }) => nic.id));
      const specifications = this.#known.all().map(({ nic }) => nic);
      const [interfaces, vpcs] = [specifications.map(({ id }) => id), specifications.map(({ vpc }) => vpc.id)];
      await removeStrangers({ installation, hostId, vpcDirectories: vpcDirectories(this.#options), interfaces, vpcs });
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#reviver);
    this.#services?.[Symbol.dispose]();
    await this.#last;
    this.#appliances.close();
  }

  /** An earlier process left the host as it should be; without the VPCs' specifications this one must not touch it. */
  takesOver(): boolean {
    const links = readHostLinks();
    return this.#known.all().some(({ nic, connected }) => connected && links.has(interfaceDevices(nic.id).outer));
  }

  /** Makes the rules and public addresses in the host's namespace those of the connected interfaces that have devices. */
  async programHost(): Promise<void> {
    const { underlayDevice, resolvers, services } = this.#options;
    const links = readHostLinks();
    const connected = this.#known.all().filter((known) => known.connected);
    const publicAddresses = this.#fabric.publicRoutes(connected, (vpc) => vpcLinkAddress(this.#known.linkNumber(vpc))).filter(({ device }) => links.has(device));
    const interfaces = connected.filter(({ nic }) => links.has(interfaceDevices(nic.id).tap));
    await this.#loader.load([
      ["asked", askedRules(underlayDevice, prefixesOf(publicAddresses))],
      ["host", hostRules({ underlayDevice, underlayBlock: this.#underlayBlock, resolvers, publicAddresses, serviceAddress: services?.address })],
      ...interfaces.map((known): [string, string] => [interfaceDevices(known.nic.id).tap, interfaceRules(this.#fabric.tapOwner(known))]),
    ]);
    await this.#public.program(publicAddresses);
  }

  /**
   * Sees to it that this VPC and the host are as the known interfaces ask. When many interfaces are connected at once, the first
   * turn after the last one's devices programs them all, and the others find it done.
   */
  async #programOutdated(concerned: VpcId): Promise<void> {
    if (!this.#outdated.has(concerned)) return;
    const done = new Set([concerned]);
    const others = [...this.#outdated].filter((vpc) => vpc !== concerned);
    // Another VPC's error is not this caller's; whoever asked for that VPC tries again and gets it.
    const attempts = others.map((vpc) => this.#programVpc(vpc).then(() => done.add(vpc), () => {}));
    await Promise.all([this.programHost(), this.#programVpc(concerned), ...attempts]);
    for (const vpc of done) this.#outdated.delete(vpc);
  }

  /** NAT gateways and endpoints come and go with their VPC's specification. One that cannot be made keeps nothing else from being as it says. */
  async #follow(vpc: VpcId): Promise<void> {
    const wanted = this.#fabric.appliances(vpc);
    const standing = this.#known.appliances().filter(({ nic }) => nic.vpc.id === vpc);
    const gone = standing.flatMap(({ nic: { id } }) => (wanted.some(({ nic }) => nic.id === id) ? [] : id));
    if (gone.length > 0) await this.#remove(gone);
    const failures: unknown[] = [];
    for (const { nic, kind } of wanted) {
      this.#known.remember(nic, { connected: true, appliance: kind });
      await this.#ensureDevices(nic, {}, false).catch((error: unknown) => failures.push(error));
    }
    if (!this.#known.usesVpc(vpc)) return;
    this.#outdated.add(vpc);
    await this.#programOutdated(vpc);
    if (failures.length > 0) throw new Error("a NAT gateway or an endpoint could not be made", { cause: failures[0] });
  }

  #place(vpc: VpcId): VpcPlace {
    const { installation, hostId } = this.#options;
    const namespace = vpcNamespace(installation, hostId, vpc);
    return { vpc, namespace, linkNumber: this.#known.linkNumber(vpc), underlayBlock: this.#underlayBlock, hostAddress: this.#underlay.address, mtu: this.#mtu };
  }

  #directory(vpc: VpcId): string {
    return join(vpcDirectories(this.#options), vpc);
  }

  async #ensureDevices(nic: InterfaceSpecification, owner: Pick<KnownInterface, "tapUser" | "cardFunction">, renewTap: boolean): Promise<void> {
    const links = readHostLinks();
    const place = this.#place(nic.vpc.id);
    if (await ensureVpcNamespace(place, links, this.#complete.has(place.namespace))) this.#fabric.forgetNamespace(nic.vpc.id);
    this.#complete.add(place.namespace);
    const kind = this.#known.get(nic.id)?.appliance;
    const renewed = kind !== undefined && (await this.#appliances.ensure({ kind, nic }, this.#fabric.addressesOf(nic), place.mtu, links));
    const made = await ensureInterfaceLink(nic, place, renewed ? readHostLinks() : links, owner, renewTap);
    if (!made && !renewed) return;
    this.#loader.forget(interfaceDevices(nic.id).tap);
    this.#fabric.forgetInterface(nic.vpc.id, nic.id);
  }

  /** After the machine's restart a VPC's other interfaces may have no devices yet; each is programmed when its own turn comes. */
  async #programVpc(vpc: VpcId): Promise<void> {
    const links = readHostLinks();
    const present = this.#known.connectedIn(vpc).filter(({ nic }) => links.has(interfaceDevices(nic.id).outer));
    if (present.length === 0) return;
    const place = this.#place(vpc);
    const directory = this.#directory(vpc);
    const served = present.flatMap(({ nic, appliance }) => (appliance === undefined ? nic : []));
    const resolver = { upstream: this.#options.resolvers, names: this.#fabric.names(vpc), serviceAddress: this.#options.services?.address };
    const files = dnsmasqFiles(served, resolver, this.#mtu, dnsmasqPaths(directory));
    await Promise.all([this.#fabric.program(place, present), served.length === 0 ? undefined : ensureDnsmasq(directory, place.namespace, files)]);
  }

  /** In this order, so that a removal that was interrupted is completed when it is repeated. */
  async #remove(ids: readonly InterfaceId[]): Promise<void> {
    const vpcs = [...new Set(ids.flatMap((id) => this.#known.get(id)?.nic.vpc.id ?? []))];
    const used = new Set(this.#known.all().flatMap(({ nic }) => (ids.includes(nic.id) ? [] : nic.vpc.id)));
    for (const id of ids) this.#loader.forget(interfaceDevices(id).tap);
    await this.#appliances.remove(ids);
    await removeInterfaceLinks(ids);
    for (const cardFunction of this.#known.cardFunctions(ids)) await this.#functions.release(cardFunction);
    for (const vpc of vpcs.filter((vpc) => !used.has(vpc))) await this.#removeVpc(vpc);
    this.#known.forget(ids);
    await this.programHost();
    for (const vpc of vpcs) await (used.has(vpc) ? this.#programVpc(vpc) : this.#outdated.delete(vpc));
  }

  async #removeVpc(vpc: VpcId): Promise<void> {
    const namespace = vpcNamespace(this.#options.installation, this.#options.hostId, vpc);
    this.#complete.delete(namespace);
    await removeVpcNamespace(namespace);
    removeDnsmasqFiles(this.#directory(vpc));
    this.#fabric.forgetNamespace(vpc);
  }

  async #reviveAll(): Promise<void> {
    await this.#public.follow().catch((error: unknown) => this.#options.log.error("what is asked for of guests' prefixes could not be found out", { error }));
    await this.#functions.mend(this.#known.heldFunctions());
    for (const vpc of new Set(this.#known.all().filter(({ connected, appliance }) => connected && appliance === undefined).map(({ nic }) => nic.vpc.id))) {
      const { namespace } = this.#place(vpc);
      if (!listNamespaces(namespace).some(({ whole }) => whole)) continue;
      const revived = await reviveDnsmasq(this.#directory(vpc), namespace).catch((error: unknown) => {
        this.#options.log.error("a VPC's resolver could not be started again", { vpc, error });
        return false;
      });
      if (revived) this.#options.log.warn("a VPC's resolver had ended and was started again", { vpc });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
