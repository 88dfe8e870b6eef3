/** What a storage node's agent needs of its disks. The real one is `volume-store.ts`; simulated hosts have one in memory. */
import type { VolumeId } from "../../base/ids.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";

export interface Volumes {
  /** Whether the volume's data is there. */
  exists(id: VolumeId): Promise<boolean>;
  /** Makes the volume unless it is there; whole and durable when it returns. */
  ensureFile(specification: VolumeSpecification): Promise<void>;
  /** Makes the export that the specification names the only one, or none; an earlier one's user can write no more when it returns. */
  ensureExport(specification: VolumeSpecification): Promise<void>;
  /** Ends the export and removes the data. */
  remove(id: VolumeId): Promise<void>;
  /** Calls the listener when an export that should be there has ended by itself. */
  onExportEnd(listener: (id: VolumeId) => void): void;
  /** Ends every export, all data on disk: the whole installation is going down. */
  endAllExports(): Promise<void>;
  /** Lets go of the exports without ending them: the agent is leaving. */
  release(): void;
}
