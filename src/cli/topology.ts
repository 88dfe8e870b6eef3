/**
 * What the installation consists of: regions, their zones, in each zone its hosts and one storage node.
 *
 * `parseTopology` reads the YAML that a user writes, refuses whatever it does not understand with file and line, and fills in
 * what was left out. Capacities are what the placement may promise, so they include the overcommitment:
 *
 *   overcommit: { vcpus: 16, memory: 4 }      # optional; these are the defaults
 *   regions:
 *     - name: us-east-1
 *       zones:
 *         - name: us-east-1a
 *           hosts: 2                          # a number, or a list:
 *         - name: us-east-1b
 *           hosts:
 *             - { id: b1, vcpus: 4, memory: 8 GiB, overcommit: { vcpus: 1, memory: 1 } }
 *             - { id: b2 }
 *           storageNode: bs
 *
 * Every host on one machine may use all its processors, so each counts them whole; memory is divided among the hosts.
 */
import { findRegion } from "../base/regions.ts";
import { readYaml, type YamlNode } from "./yaml-node.ts";

export interface TopologyHost {
  readonly id: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly underlayAddress: string;
}

export interface TopologyZone {
  readonly name: string;
  readonly hosts: readonly TopologyHost[];
  readonly storageNode: { readonly id: string; readonly underlayAddress: string };
}

export interface Topology {
  readonly regions: readonly { readonly name: string; readonly zones: readonly TopologyZone[] }[];
}

/** The topology as written: capacities and ids may be missing, addresses always are. */
export interface TopologyPlan {
  readonly regions: readonly { readonly name: string; readonly zones: readonly PlannedZone[] }[];
}

export interface PlannedZone {
  readonly name: string;
  readonly hosts: readonly PlannedHost[];
  readonly storageNodeId?: string;
}

export interface PlannedHost {
  readonly id?: string;
  readonly vcpus?: number;
  readonly memoryMib?: number;
  readonly overcommit: Overcommit;
}

export interface Overcommit {
  readonly vcpus: number;
  readonly memory: number;
}

export const defaultOvercommit: Overcommit = { vcpus: 16, memory: 4 };

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
  const zone = node.map(["name", "hosts", "storageNode"]);
  const nameNode = zone.require("name");
  const name = nameNode.text();
  if (!zoneNames.includes(name)) throw nameNode.error(`there is no zone ${name} in this region`, `Its zones are ${zoneNames.join(", ")}.`);
  if (seen.has(name)) throw nameNode.error(`zone ${name} stands here twice`);
  seen.add(name);
  const storageNodeId = parseNodeId(zone.optional("storageNode"), seen);
  return { name, hosts: parseHosts(zone.require("hosts"), overcommit, seen), ...(storageNodeId === undefined ? {} : { storageNodeId }) };
}

function parseHosts(node: YamlNode, overcommit: Overcommit, seen: Set<string>): readonly PlannedHost[] {
  if (node.isList()) return node.list("a host").map((host) => parseHost(host, overcommit, seen));
  const count = node.number();
  if (!Number.isInteger(count) || count < 1 || count > 99) throw node.error("hosts is a list, or a number from 1 to 99");
  return Array.from({ length: count }, () => ({ overcommit }));
}

function parseHost(node: YamlNode, overcommit: Overcommit, seen: Set<string>): PlannedHost {
  const host = node.map(["id", "vcpus", "memory", "overcommit"]);
  const id = parseNodeId(host.optional("id"), seen);
  const vcpusNode = host.optional("vcpus");
  const memoryNode = host.optional("memory");
  const vcpus = vcpusNode?.number();
  if (vcpus !== undefined && (!Number.isInteger(vcpus) || vcpus < 1)) throw vcpusNode?.error("vcpus is a whole number from 1");
  return {
    ...(id === undefined ? {} : { id }),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memoryNode === undefined ? {} : { memoryMib: parseMemoryMib(memoryNode) }),
    overcommit: parseOvercommit(host.optional("overcommit"), overcommit),
  };
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
  const map = node.map(["vcpus", "memory"]);
  const factor = (key: "vcpus" | "memory"): number => {
    const at = map.optional(key);
    const value = at?.number() ?? inherited[key];
    if (!(value >= 1 && value <= 1000)) throw at?.error(`overcommit of ${key} is a factor from 1 to 1000`);
    return value;
  };
  return { vcpus: factor("vcpus"), memory: factor("memory") };
}
