/** What a storage node's agent needs of its disks. The real one is `volume-store.ts`; simulated hosts have one in memory. */
import type { VolumeId } from "../../base/ids.ts";
import type { SnapshotReport, VolumeCondition } from "../protocol/report.ts";
import type { VolumeSource, VolumeSpecification } from "../protocol/specification.ts";

export interface Volumes {
  /** Whether the volume's data is there, whole. */
  exists(id: VolumeId): Promise<boolean>;
  /** Makes the volume's data unless it is there; whole and durable when it returns. */
  ensureData(specification: VolumeSpecification): Promise<void>;
  /**
   * Makes true what can be at once: exports (a user of an earlier one can write no more when it returns), size, limits, the moments of
   * snapshots. What takes longer goes on by itself: bringing the content, storing snapshots, merging layers.
   */
  ensure(specification: VolumeSpecification): Promise<VolumeFacts>;
  /** For people; undefined when this agent has no such volume. */
  describe(id: VolumeId): Promise<VolumeDescription | undefined>;
  /** Ends the exports and all work, and removes the data. */
  remove(id: VolumeId): Promise<void>;
  /** Calls the listener when `ensure` would say something new or has something to put right: a daemon has ended, a snapshot is stored. */
  onChange(listener: (id: VolumeId) => void): void;
  /** Ends every export, all data on disk: the whole installation is going down. */
  endAllExports(): Promise<void>;
  /** Lets go of the exports without ending them: the agent is leaving. */
  release(): void;
}

/** How a volume is kept at this moment. */
export interface VolumeDescription {
  readonly id: VolumeId;
  readonly sizeGib: number;
  readonly source?: VolumeSource["kind"];
  /** Bottom first; the last one is written to. */
  readonly layers: readonly { readonly number: number; readonly storedBytes: number; readonly moment?: string }[];
  readonly exports: readonly string[];
  /** What goes on at leisure, and how far it is. */
  readonly work?: { readonly kind: string; readonly percent: number };
  readonly facts: VolumeFacts;
}

/** What the storage node has found out of a volume whose data is there. */
export interface VolumeFacts {
  readonly condition: VolumeCondition;
  readonly snapshots: readonly SnapshotReport[];
}
