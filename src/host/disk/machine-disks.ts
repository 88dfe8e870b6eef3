/** What a host's agent needs of disks for one machine. The real one is `host-disks.ts`; simulated hosts have one in memory. */
import type { VolumeId } from "../../base/ids.ts";
import type { PlannedDisk } from "../engine/engine.ts";
import type { DiskSpecification } from "../protocol/specification.ts";

/** The machine that a disk is for, and where its things may be. */
export interface DiskUser {
  readonly id: string;
  /** Its engine can read disks from files alone. */
  readonly readsFiles: boolean;
  /** For sockets and mount points; not the engine's own run directory. */
  readonly disksDirectory: string;
  /** For local disks: durable, and large. */
  readonly dataDirectory: string;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Of a machine whose local disks may be virtual functions of an NVMe controller: its memory, which is locked then. */
  readonly functionsWithMib?: number;
}

export interface MachineDisks {
  /** Waits until the volume can be used and says how the engine reaches it. May be repeated. */
  attach(machine: DiskUser, disk: DiskSpecification, signal: AbortSignal): Promise<PlannedDisk["source"]>;
  /** Nothing on this host uses the volume any more when it returns. May be repeated. */
  detach(machine: DiskUser, volume: VolumeId): Promise<void>;
  /** Makes the machine's local disks, empty; earlier content is lost unless it is to be kept. */
  makeInstanceStore(machine: DiskUser, sizesGib: readonly number[], keep: boolean): Promise<readonly PlannedDisk["source"][]>;
  /** Makes the machine's root disk among its local disks, which are there: a copy of the image's file. */
  makeLocalRoot(machine: DiskUser, image: string, sizeGib: number, signal: AbortSignal): Promise<PlannedDisk["source"]>;
  /** The root disk too. */
  eraseInstanceStore(machine: DiskUser): Promise<void>;
}
