/** What the control plane answers to `GET /v1/status` on its socket; `status` renders it, `up` waits on it. */
import type { EngineAvailability } from "../host/protocol/report.ts";
import type { Virtualization } from "../host/protocol/specification.ts";

export interface StatusReport {
  readonly version: string;
  readonly url: string;
  readonly regions: readonly { readonly name: string; readonly zones: readonly ZoneStatus[] }[];
  readonly images: readonly ImageStatus[];
}

export interface ZoneStatus {
  readonly name: string;
  readonly hosts: readonly HostStatus[];
  readonly storageNode: { readonly id: string; readonly state: NodeState };
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
  /** Unknown until the agent has probed. */
  readonly engines?: Readonly<Record<Virtualization, EngineAvailability>>;
  readonly guests: readonly GuestStatus[];
}

export interface GuestStatus {
  readonly id: string;
  readonly name?: string;
  /** As DescribeInstances shows it. */
  readonly state: string;
  readonly instanceType: string;
  readonly virtualization: Virtualization;
  readonly privateAddress?: string;
  readonly publicAddress?: string;
}

export interface ImageStatus {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly virtualizationType: "hvm" | "paravirtual";
}
