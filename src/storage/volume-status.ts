/** The status checks of a volume, from what its storage node says (facts §4.2): not its state, but whether it can be read and written. */
import type { VolumeCondition } from "../host/protocol/report.ts";
import type { VolumeRow } from "../store/storage-tables.ts";
import { conditionOf } from "./volume.ts";

export type StatusSummary = "ok" | "impaired" | "insufficient-data";

export interface VolumeStatus {
  readonly summary: StatusSummary;
  readonly impairment: VolumeCondition["impairment"];
  /** Of the blocks that the volume begins as, how many are here, 0 to 100; undefined: it began empty. */
  readonly initializedPercent: number | undefined;
}

/** `nodeHeard`: whether the volume's storage node speaks at the moment; what it said long ago is no news. */
export function toVolumeStatus(volume: VolumeRow, nodeHeard: boolean): VolumeStatus {
  const condition = conditionOf(volume);
  const isKnown = nodeHeard && volume.observed_state === "available";
  const hasSource = volume.snapshot_id !== null && volume.source_file === null;
  return {
    summary: !isKnown ? "insufficient-data" : condition?.impairment === undefined ? "ok" : "impaired",
    impairment: isKnown ? condition?.impairment : undefined,
    initializedPercent: hasSource && isKnown ? (condition?.initializedPercent ?? 100) : undefined,
  };
}
