/**
 * Names of everything that the network makes, from ids alone, so that each can be found again by any later process. The kernel
 * allows 15 characters for a device; twelve hexadecimal digits of an id are kept.
 *
 *   machine's namespace      hy-INST-underlay        hy-INST-NODE (agent's)                     hy-INST-NODE-VPC
 *   hyINST ───────────────── machine ┐
 *                            portN ──┴ switch ────── underlay0
 *                                                    vpcXXXXXXXXXXXX ───────────────────────── uplink
 *                               engine ── tapYYYYYYYYYYYY ⇄ vetYYYYYYYYYYYY ────────────────── eniYYYYYYYYYYYY
 *         hy-INST-NODE-natYYYY  eth0 ── tapYYYYYYYYYYYY ⇄ vetYYYYYYYYYYYY ──────────────────  eniYYYYYYYYYYYY
 *                                                    (VXLAN by underlay0) ════════════════════ overlay, peering
 *                                                    (macvlan on underlay0) ══════════════════ wire
 */
import { createHash } from "node:crypto";
import { readdirSync, statfsSync } from "node:fs";
import type { InstanceId, InterfaceId, VpcId } from "../../base/ids.ts";

export const underlayDevice = "underlay0";
export const uplinkDevice = "uplink";
/** A VPC's device towards its other hosts, and the one towards those of the same machine. */
export const [overlayDevice, wireDevice] = ["overlay", "wire"];
/** A VPC's device towards its peers, and the pair that what comes from them goes through. */
export const [peeringDevice, arrivalDevice, arrivedDevice] = ["peering", "arrival", "arrived"];
/** What no guest has but this host plays the part of. */
export type ApplianceKind = "natGateway" | "endpoint" | "connectEndpoint";
/** In an appliance's namespace, its device towards the VPC. */
export const applianceDevice = "eth0";
/** The table of rules that every namespace of ours has. */
export const ruleTable = "hostelry";

export function nodeNamespace(installation: string, node: string): string {
  return `hy-${installation}-${node}`;
}

export function switchNamespace(installation: string): string {
  return nodeNamespace(installation, "underlay");
}

/** The machine's own device into the public pool. */
export function machineDevice(installation: string): string {
  return `hy${installation}`;
}

/** The switch's port to a node; node ids are too long for a device's name. */
export function switchPort(node: string): string {
  return `port${createHash("sha256").update(node).digest("hex").slice(0, 8)}`;
}

export function vpcNamespacePrefix(installation: string, host: string): string {
  return `${nodeNamespace(installation, host)}-`;
}

export function vpcNamespace(installation: string, host: string, vpc: VpcId): string {
  return `${vpcNamespacePrefix(installation, host)}${digitsOf(vpc)}`;
}

const applianceWords: Readonly<Record<ApplianceKind, string>> = { natGateway: "nat", endpoint: "vpce", connectEndpoint: "eice" };

/** In a guest's place behind the interface's tap; with an empty id what all of the host's of this kind begin with. */
export function applianceNamespace(installation: string, host: string, kind: ApplianceKind, id: InterfaceId | ""): string {
  return `${vpcNamespacePrefix(installation, host)}${applianceWords[kind]}${id === "" ? "" : digitsOf(id)}`;
}

/** The table of what the interfaces of an instance share. */
export function sharedLimitTable(id: InstanceId): string {
  return `limit${digitsOf(id)}`;
}

export interface InterfaceDevices {
  /** What the engine opens, in the host's namespace. */
  readonly tap: string;
  /** The host's end of the pair into the VPC's namespace. */
  readonly outer: string;
  /** The VPC's end: the interface as the VPC sees it. */
  readonly inner: string;
}

export function interfaceDevices(id: InterfaceId): InterfaceDevices {
  const digits = digitsOf(id);
  return { tap: `tap${digits}`, outer: `vet${digits}`, inner: `eni${digits}` };
}

/** The host's end of the pair to a VPC's namespace. */
export function vpcDevice(vpc: VpcId): string {
  return `vpc${digitsOf(vpc)}`;
}

function digitsOf(id: string): string {
  return id.slice(id.lastIndexOf("-") + 1).slice(-12);
}

const nsfsMagic = 0x6e736673;

/** Named namespaces that begin so. A file without a namespace behind it, as a crash may leave, is not one. */
export function listNamespaces(prefix: string): readonly { readonly name: string; readonly whole: boolean }[] {
  let names: readonly string[] = [];
  try {
    names = readdirSync("/run/netns");
  } catch {
    return [];
  }
  return names.filter((name) => name.startsWith(prefix)).map((name) => ({ name, whole: isNamespace(name) }));
}

function isNamespace(name: string): boolean {
  try {
    return statfsSync(`/run/netns/${name}`).type === nsfsMagic;
  } catch {
    return false;
  }
}
