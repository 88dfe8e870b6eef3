/**
 * What the installation consists of: regions, their zones, in each zone its hosts and storage nodes.
 *
 * `parseTopology` reads the YAML that a user writes, refuses whatever it does not understand with file and line, and fills in
 * what was left out. Capacities are what the placement may promise, so they include the overcommitment:
 *
 *   overcommit: { vcpus: 16, memory: 4, disk: 100, network: 100 }   # optional; these are the defaults
 *   regions:
 *     - name: us-east-1
 *       zones:
 *         - name: us-east-1a
 *           hosts: 2                          # a number, or a list:
 *         - name: us-east-1b
 *           hosts:
 *             - { id: b1, vcpus: 4, memory: 8 GiB, overcommit: { vcpus: 1, memory: 1 } }
 *             - { id: b2 }
 *             - { id: b3, emulated: yes }   # a computer of its own inside this machine, in which KVM works; slow; with cards: [eth1, nvme0] it has a network card and an NVMe controller that split themselves
 *             - { id: b4, cards: [enp1s0, nvme1] }   # network cards and NVMe controllers whose virtual functions (SR-IOV) its guests may have; nobody else has them
 *                                                      # then, and what is in the controllers' namespaces is erased
 *             - { id: b5, accelerators: [0000:01:00.0] }   # PCI addresses of the accelerators (GPUs and the like) that its guests may have
 *           storageNodes: [bs, bt]            # ids, or a number; one without a word
 *
 * Every host on one machine may use all its processors, so each counts them whole. Memory is divided among the hosts, and so are the room for local disks and the
 * bandwidth of the machine's network cards, as their agents find them: disks are sparse files, and few guests send all they may at once. Of the
 * accelerators guests have only those that the file names, or `up --accelerators` does, which deals them out among hosts for which the file says nothing of them
 * (`accelerators: none`: not to this one). A guest has the whole of one, and nobody else has it.
 */
import { findRegion } from "../base/regions.ts";
import { readYaml, type YamlNode } from "./yaml-node.ts";

export interface TopologyHost {
  readonly id: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  /** The memory is an equal part of the machine's, which changes with the number of hosts. */
  readonly sharesMemory?: true;
  /** How often each of its own is promised; absent in installations of earlier versions. */
  readonly overcommit?: Overcommit;
  readonly underlayAddress: string;
  /** The host is a computer of its own that this machine emulates, of this size, and joins as any other computer would. */
  readonly emulated?: { readonly cpus: number; readonly memoryMib: number };
  /** Network devices of cards and NVMe controllers whose virtual functions its guests may have; absent: none. Of an emulated host: those that are emulated for it. */
  readonly cards?: readonly string[];
  /** PCI addresses of the machine's accelerators that are the host's; absent: none. */
  readonly accelerators?: readonly string[];
  /** The file names them, and it has no others; otherwise they were dealt out by `up --accelerators`. */
  readonly namesAccelerators?: true;
}

export interface TopologyZone {
  readonly name: string;
  readonly hosts: readonly TopologyHost[];
  /** At least one. */
  readonly storageNodes: readonly StorageNode[];
}

export interface StorageNode {
  readonly id: string;
  readonly underlayAddress: string;
}

export interface Topology {
  readonly regions: readonly { readonly name: string; readonly zones: readonly TopologyZone[] }[];
}

export function listHosts({ regions }: Topology): readonly TopologyHost[] {
  return regions.flatMap((region) => region.zones.flatMap((zone) => zone.hosts));
}

/** All hosts and storage nodes, zone by zone. */
export function listNodes({ regions }: Topology): readonly { readonly id: string; readonly role: "host" | "storage"; readonly zone: string }[] {
  return regions.flatMap((region) =>
    region.zones.flatMap((zone) => [...zone.hosts.map(({ id }) => ({ id, role: "host", zone: zone.name }) as const), ...zone.storageNodes.map(({ id }) => ({ id, role: "storage", zone: zone.name }) as const)]),
  );
}

/** The topology as written: capacities and ids may be missing, addresses always are. */
export interface TopologyPlan {
  readonly regions: readonly { readonly name: string; readonly zones: readonly PlannedZone[] }[];
}

export interface PlannedZone {
  readonly name: string;
  readonly hosts: readonly PlannedHost[];
  /** With their ids, as far as these are given; absent: one for a zone that is new, none for one that is there. */
  readonly storageNodes?: readonly (string | undefined)[];
}

export interface PlannedHost {
  readonly id?: string;
  readonly vcpus?: number;
  readonly memoryMib?: number;
  readonly emulated?: true;
  readonly cards?: readonly string[];
  readonly accelerators?: readonly string[];
  readonly overcommit: Overcommit;
}

export interface Overcommit {
  readonly vcpus: number;
  readonly memory: number;
  readonly disk: number;
  readonly network: number;
}

/** The network card and the NVMe controller that an emulated host can have. */
export const emulatedCards: readonly string[] = ["eth1", "nvme0"];

export const defaultOvercommit: Overcommit = { vcpus: 16, memory: 4, disk: 100, network: 100 };

/** Reads a topology file's text; a `CommandError` names `file` and the line of the first thing wrong. */
export function parseTopology(text: string, file: string): TopologyPlan {
  const root = readYaml(text, file).map(["regions", "overcommit"]);
  const overcommit = parseOvercommit(root.optional("overcommit"), defaultOvercommit);
  const regions = root.require("regions").list("a region");
  const seen = new Set<string>();
  return { regions: regions.map((node) => parseRegion(node, overcommit, seen)) };
}

function parseRegion(node: YamlNode, overcommit: Overcommit, seen: Set<string>): TopologyPlan["regions"][number] {
  const region = node.map(["name", "zones"]);
  const nameNode = region.require("name");
  const name = nameNode.text();
  const facts = findRegion(name);
  if (facts === undefined) throw nameNode.error(`there is no region ${name}`, "Use the name of a public AWS region, such as us-east-1.");
  if (seen.has(name)) throw nameNode.error(`region ${name} stands here twice`);
  seen.add(name);
  const zoneNames = facts.zones.map((letter) => name + letter);
  const zones = region.require("zones").list("a zone").map((zone) => parseZone(zone, zoneNames, overcommit, seen));
  return { name, zones };
}

function parseZone(node: YamlNode, zoneNames: readonly string[], overcommit: Overcommit, seen: Set<string>): PlannedZone {
  const zone = node.map(["name", "hosts", "storageNode", "storageNodes"]);
  const nameNode = zone.require("name");
  const name = nameNode.text();
  if (!zoneNames.includes(name)) throw nameNode.error(`there is no zone ${name} in this region`, `Its zones are ${zoneNames.join(", ")}.`);
  if (seen.has(name)) throw nameNode.error(`zone ${name} stands here twice`);
  seen.add(name);
  const storageNodes = parseStorageNodes(zone.optional("storageNode"), zone.optional("storageNodes"), seen);
  const hosts = storageNodes === undefined ? zone.require("hosts") : zone.optional("hosts");
  return { name, hosts: hosts === undefined ? [] : parseHosts(hosts, overcommit, seen), ...(storageNodes === undefined ? {} : { storageNodes }) };
}

function parseHosts(node: YamlNode, overcommit: Overcommit, seen: Set<string>): readonly PlannedHost[] {
  if (node.isList()) return node.list("a host").map((host) => parseHost(host, overcommit, seen));
  return Array.from({ length: parseCount(node, "hosts") }, () => ({ overcommit }));
}

function parseCount(node: YamlNode, what: string): number {
  const count = node.number();
  if (!Number.isInteger(count) || count < 1 || count > 99) throw node.error(`${what} is a list, or a number from 1 to 99`);
  return count;
}

/** `one` is the id of a single one. */
function parseStorageNodes(one: YamlNode | undefined, several: YamlNode | undefined, seen: Set<string>): PlannedZone["storageNodes"] {
  if (one !== undefined && several !== undefined) throw several.error("a zone has either storageNode or storageNodes");
  if (one !== undefined) return [parseNodeId(one, seen)];
  if (several === undefined) return undefined;
  if (several.isList()) return several.list("a storage node").map((each) => parseNodeId(each, seen));
  return Array.from({ length: parseCount(several, "storageNodes") }, () => undefined);
}

function parseHost(node: YamlNode, overcommit: Overcommit, seen: Set<string>): PlannedHost {
  const host = node.map(["id", "vcpus", "memory", "emulated", "cards", "accelerators", "overcommit"]);
  const id = parseNodeId(host.optional("id"), seen);
  const vcpusNode = host.optional("vcpus");
  const memoryNode = host.optional("memory");
  const vcpus = vcpusNode?.number();
  const [emulated, cardsNode] = [parseEmulated(host.optional("emulated")), host.optional("cards")];
  const cards = parseCards(cardsNode, emulated ? new Set() : seen);
  const acceleratorsNode = host.optional("accelerators");
  if (emulated && acceleratorsNode !== undefined) throw acceleratorsNode.error("an emulated host has no accelerators");
  if (emulated && cards.some((card) => !emulatedCards.includes(card))) throw cardsNode?.error(`the cards of an emulated host are called ${emulatedCards.join(", ")}`);
  if (vcpus !== undefined && (!Number.isInteger(vcpus) || vcpus < 1)) throw vcpusNode?.error("vcpus is a whole number from 1");
  return {
    ...(id === undefined ? {} : { id }),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memoryNode === undefined ? {} : { memoryMib: parseMemoryMib(memoryNode) }),
    ...(emulated ? { emulated: true as const } : {}),
    ...(cards.length === 0 ? {} : { cards }),
    ...(acceleratorsNode === undefined ? {} : { accelerators: parseAccelerators(acceleratorsNode, seen) }),
    overcommit: parseOvercommit(host.optional("overcommit"), overcommit),
  };
}

function parseEmulated(node: YamlNode | undefined): boolean {
  const text = node?.text() ?? "no";
  if (text !== "yes" && text !== "no") throw node?.error("emulated is yes or no");
  return text === "yes";
}

/** A card is one host's; devices have names apart from those of hosts. */
function parseCards(node: YamlNode | undefined, seen: Set<string>): readonly string[] {
  const cards = node?.list("a device") ?? [];
  return cards.map((each) => {
    const name = each.text();
    if (!/^[\w.-]{1,15}$/.test(name)) throw each.error(`${name} is no device's name`);
    if (seen.has(`card ${name}`)) throw each.error(`the card ${name} is two hosts'`);
    seen.add(`card ${name}`);
    return name;
  });
}

/** One is one host's. */
function parseAccelerators(node: YamlNode, seen: Set<string>): readonly string[] {
  if (!node.isList() && node.text() === "none") return [];
  return node.list("a PCI address").map((each) => {
    const address = each.text();
    if (!/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(address)) throw each.error(`${address} is no PCI address`, "lspci -D shows them: 0000:01:00.0");
    if (seen.has(address)) throw each.error(`the accelerator ${address} is two hosts'`);
    seen.add(address);
    return address;
  });
}

function parseNodeId(node: YamlNode | undefined, seen: Set<string>): string | undefined {
  if (node === undefined) return undefined;
  const id = node.text();
  if (!/^[a-z][a-z0-9]{0,7}$/.test(id)) throw node.error(`${id} cannot be an id`, "An id has at most 8 lower-case letters and digits, a letter first.");
  if (seen.has(id)) throw node.error(`the id ${id} is used twice`, "Ids are unique among all hosts and storage nodes.");
  seen.add(id);
  return id;
}

function parseMemoryMib(node: YamlNode): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(MiB|GiB|TiB)$/.exec(node.text()) ?? [];
  const mib = Number(amount) * { MiB: 1, GiB: 1024, TiB: 1024 ** 2 }[unit ?? ""]!;
  if (!Number.isInteger(mib) || mib < 128) throw node.error("memory is a size such as 8 GiB or 512 MiB, at least 128 MiB");
  return mib;
}

function parseOvercommit(node: YamlNode | undefined, inherited: Overcommit): Overcommit {
  if (node === undefined) return inherited;
  const map = node.map(["vcpus", "memory", "disk", "network"]);
  const factor = (key: keyof Overcommit): number => {
    const at = map.optional(key);
    const value = at?.number() ?? inherited[key];
    if (!(value >= 1 && value <= 1000)) throw at?.error(`overcommit of ${key} is a factor from 1 to 1000`);
    return value;
  };
  return { vcpus: factor("vcpus"), memory: factor("memory"), disk: factor("disk"), network: factor("network") };
}
