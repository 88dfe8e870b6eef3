/** What the control plane answers to `GET /v1/status` on its socket; `status` renders it, `up` waits on it. */
import type { CreditBalance } from "../host/protocol/processor.ts";
import type { AcceleratorDescription, CardDescription, EngineAvailability } from "../host/protocol/report.ts";
import type { Virtualization } from "../host/protocol/specification.ts";
import type { Overcommit } from "./topology.ts";

export interface StatusReport {
  readonly version: string;
  readonly url: string;
  readonly regions: readonly { readonly name: string; readonly zones: readonly ZoneStatus[] }[];
  readonly images: readonly ImageStatus[];
}

export interface ZoneStatus {
  readonly name: string;
  readonly hosts: readonly HostStatus[];
  readonly storageNodes: readonly { readonly id: string; readonly state: NodeState }[];
}

/**
 * `absent`: its agent has never arrived. `silent`: it arrived, but has not asked for work lately. `failed`: a host that was silent for too long and lost its
 * guests. `draining`: up, but without new guests.
 */
export type NodeState = "up" | "silent" | "absent" | "failed" | "draining";

export interface HostStatus {
  readonly id: string;
  readonly state: NodeState;
  readonly vcpus: { readonly total: number; readonly reserved: number };
  readonly memoryMib: { readonly total: number; readonly reserved: number };
  /** For local disks, and for the baselines of guests' interfaces; absent: no limit is known. */
  readonly diskGib?: { readonly total: number; readonly reserved: number };
  readonly networkMbps?: { readonly total: number; readonly reserved: number };
  /** Devices that a guest has alone, which they are, and why others cannot be had; absent: it has none. */
  readonly accelerators?: { readonly total: number; readonly reserved: number; readonly models: readonly AcceleratorDescription[] };
  /** How often its own vCPUs, memory, disk and network are promised: the totals are so many times what it has. Unknown for hosts that the topology does not list. */
  readonly overcommit?: Overcommit;
  /** Unknown until the agent has probed. */
  readonly engines?: Readonly<Record<Virtualization, EngineAvailability>>;
  /** Emulation of machines of arm64; absent: none. */
  readonly arm64?: EngineAvailability;
  /** Its network cards that can split themselves; absent: it has none. */
  readonly cards?: readonly CardDescription[];
  /** Of packets inside VPCs, where that is less than 9001 bytes. */
  readonly mtu?: number;
  readonly guests: readonly GuestStatus[];
}

export interface GuestStatus {
  readonly id: string;
  readonly name?: string;
  /** As DescribeInstances shows it. */
  readonly state: string;
  /** It runs, and does not answer any more. */
  readonly silent?: true;
  readonly instanceType: string;
  readonly virtualization: Virtualization;
  readonly privateAddress?: string;
  readonly publicAddress?: string;
  /** Of burstable types, as its host said last. */
  readonly credits?: CreditBalance;
}

export interface ImageStatus {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly virtualizationType: "hvm" | "paravirtual";
}
