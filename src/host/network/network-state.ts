/**
 * What a host's network remembers across restarts of the agent: the interfaces it was asked for, and the numbers it gave out
 * (a link address for each VPC, a metadata port and a hop limit for each interface). Kept in one small file, replaced as a whole.
 * The file may be lost: the kernel's state is then made anew from the next specifications, with new numbers.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { InterfaceId, VpcId } from "../../base/ids.ts";
import type { InterfaceSpecification } from "../protocol/specification.ts";
import type { CardFunction } from "../virtual-function/choose-function.ts";
import type { TapUser } from "./interface-link.ts";
import { field } from "./json-field.ts";
import { metadataPorts, vpcLimit } from "./link-addresses.ts";
import type { ApplianceKind } from "./names.ts";

export interface KnownInterface {
  readonly nic: InterfaceSpecification;
  readonly metadataPort: number;
  /** The time to live of packets that carry a metadata token. */
  readonly hopLimit: number;
  /** Traffic may flow: `connectInterface` was called. */
  readonly connected: boolean;
  /** Who may open the tap; absent: anyone. */
  readonly tapUser?: TapUser;
  /** What the guest has instead of a tap. */
  readonly cardFunction?: CardFunction;
  /** No guest's: this host plays its part behind the tap. */
  readonly appliance?: ApplianceKind;
}

export interface NetworkState {
  readonly interfaces: Map<InterfaceId, KnownInterface>;
  /** The number that a VPC's link address comes from. */
  readonly links: Map<VpcId, number>;
}

const fileName = "network.json";

export function loadNetworkState(directory: string): NetworkState {
  let text: string;
  try {
    text = readFileSync(join(directory, fileName), "utf8");
  } catch {
    return { interfaces: new Map(), links: new Map() };
  }
  const parsed: unknown = JSON.parse(text);
  // The file has one writer, `saveNetworkState`, and is replaced atomically: it holds what that wrote.
  const { interfaces, links } = { interfaces: field(parsed, "interfaces"), links: field(parsed, "links") } as {
    interfaces: [InterfaceId, KnownInterface][];
    links: [VpcId, number][];
  };
  return { interfaces: new Map(interfaces), links: new Map(links) };
}

export function saveNetworkState(directory: string, state: NetworkState): void {
  mkdirSync(directory, { recursive: true });
  const fresh = join(directory, `${fileName}.new`);
  const file = openSync(fresh, "w", 0o600);
  writeSync(file, `${JSON.stringify({ interfaces: [...state.interfaces], links: [...state.links] })}\n`);
  fsyncSync(file);
  closeSync(file);
  renameSync(fresh, join(directory, fileName));
}

/** A metadata port that no interface has. */
export function freeMetadataPort(state: NetworkState): number {
  const taken = new Set([...state.interfaces.values()].map(({ metadataPort }) => metadataPort));
  return firstFree(metadataPorts.first, metadataPorts.last, taken, "metadata port");
}

/** A link number that no VPC has. */
export function freeLinkNumber(state: NetworkState): number {
  return firstFree(0, vpcLimit - 1, new Set(state.links.values()), "link address");
}

function firstFree(first: number, last: number, taken: ReadonlySet<number>, what: string): number {
  for (let number = first; number <= last; number += 1) if (!taken.has(number)) return number;
  throw new Error(`this host has no free ${what} left`);
}
