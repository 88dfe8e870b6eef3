/** The status checks of a volume as EC2 shows them, with the event and the action that an impairment brings. */
import type { InitializationStatusDetails, VolumeStatusDetails, VolumeStatusItem } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../../base/regions.ts";
import { toVolumeStatus, type VolumeStatus } from "../../../storage/volume-status.ts";
import { parseVolumeType, provisionsIops } from "../../../storage/volume-type.ts";
import type { VolumeRow } from "../../../store/storage-tables.ts";

export function toVolumeStatusView(row: VolumeRow, nodeHeard: boolean): VolumeStatusItem {
  const status = toVolumeStatus(row, nodeHeard);
  const percent = status.initializedPercent;
  return {
    VolumeId: row.id,
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone) ?? "",
    VolumeStatus: { Status: status.summary, Details: toDetails(row, status) },
    ...toIncident(row, status),
    ...(percent === undefined ? {} : { InitializationStatusDetails: { ...toRate(row, percent), Progress: percent } }),
  };
}

/** When it will be done can be told only where its rate is known. */
function toRate({ size_gib: sizeGib, initialization_rate: rate }: VolumeRow, percent: number): InitializationStatusDetails {
  if (rate === null) return { InitializationType: "default" };
  return { InitializationType: "provisioned-rate", EstimatedTimeToCompleteInSeconds: Math.ceil((sizeGib * 1024 * (100 - percent)) / 100 / rate) };
}

function toDetails(row: VolumeRow, { summary, initializedPercent: percent }: VolumeStatus): VolumeStatusDetails[] {
  const performance = { ok: "normal", impaired: "stalled", "insufficient-data": "insufficient-data" } as const;
  return [
    { Name: "io-enabled", Status: { ok: "passed", impaired: "failed", "insufficient-data": "insufficient-data" }[summary] },
    { Name: "io-performance", Status: provisionsIops(parseVolumeType(row.type)) ? performance[summary] : "not-applicable" },
    ...(percent === undefined ? [] : [{ Name: "initialization-state", Status: percent === 100 ? "completed" : "initializing" } as const]),
  ];
}

const descriptions = {
  "no-space": "The storage that holds the volume is full; writing goes on by itself when there is room again",
  "corrupt-block": "A block of the volume's source does not have the content that it should have, and is not served",
} as const;

/** Nothing ends an impairment but the end of its cause; the action asks the storage node to look again. */
function toIncident(row: VolumeRow, { impairment }: VolumeStatus): Pick<VolumeStatusItem, "Events" | "Actions"> {
  if (impairment === undefined) return { Events: [], Actions: [] };
  const event = { EventId: `evol-${row.id.slice("vol-".length)}`, EventType: "potential-data-inconsistency" };
  return {
    Events: [{ ...event, Description: descriptions[impairment.kind] }],
    Actions: [{ ...event, Code: "enable-volume-io", Description: "Enable volume I/O" }],
  };
}
