/** What a machine, or a slot for one, takes of its host, and what `host_rooms` adds up. */

export interface Claim {
  readonly vcpus: number;
  readonly memoryMib: number;
  /** Of all its local disks; absent, as below: none. */
  readonly diskGib?: number;
  /** Network bandwidth that it has for ever. */
  readonly networkMbps?: number;
  /** Devices of the host that it has alone. */
  readonly accelerators?: number;
}

/** The same in rows of reservations and slots. */
export interface ClaimColumns {
  vcpus: number;
  memory_mib: number;
  disk_gib: number;
  network_mbps: number;
  accelerators: number;
}

export const claimColumns = ["vcpus", "memory_mib", "disk_gib", "network_mbps", "accelerators"] as const; // the columns' names as such

export function toClaimColumns({ vcpus, memoryMib, diskGib = 0, networkMbps = 0, accelerators = 0 }: Claim): ClaimColumns {
  return { vcpus, memory_mib: memoryMib, disk_gib: diskGib, network_mbps: networkMbps, accelerators };
}

export function toClaim({ vcpus, memory_mib: memoryMib, disk_gib: diskGib, network_mbps: networkMbps, accelerators }: ClaimColumns): Required<Claim> {
  return { vcpus, memoryMib, diskGib, networkMbps, accelerators };
}
