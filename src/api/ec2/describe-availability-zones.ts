import type { AvailabilityZone } from "@aws-sdk/client-ec2";
import { notFound } from "../../base/api-error.ts";
import { findRegion, zoneIdOf } from "../../base/regions.ts";
import { defineDescribe } from "../describe/define-describe.ts";

/** The region's zones, whether or not this installation has hosts in them. */
export const DescribeAvailabilityZones = defineDescribe({
  name: "DescribeAvailabilityZones",
  supported: "whole; no Local Zones or Wavelength Zones",
  list: ({ input, caller }) => {
    const zones = zonesOf(caller.region);
    const [names, ids] = [input.ZoneNames ?? [], input.ZoneIds ?? []];
    const unknown = names.find((name) => zones.every((zone) => zone.ZoneName !== name)) ?? ids.find((id) => zones.every((zone) => zone.ZoneId !== id));
    if (unknown !== undefined) throw notFound("availabilityZone", unknown);
    return zones.filter(
      (zone) => (names.length === 0 || names.includes(zone.ZoneName ?? "")) && (ids.length === 0 || ids.includes(zone.ZoneId ?? "")),
    );
  },
  key: (zone) => zone.ZoneName ?? "",
  filters: {
    fields: {
      "group-long-name": (zone) => zone.GroupLongName,
      "group-name": (zone) => zone.GroupName,
      message: () => undefined,
      "opt-in-status": (zone) => zone.OptInStatus,
      "parent-zone-id": () => undefined,
      "parent-zone-name": () => undefined,
      "region-name": (zone) => zone.RegionName,
      state: (zone) => zone.State,
      "zone-id": (zone) => zone.ZoneId,
      "zone-name": (zone) => zone.ZoneName,
      "zone-type": (zone) => zone.ZoneType,
    },
  },
  output: (rows) => ({ AvailabilityZones: [...rows] }),
});

function zonesOf(region: string): AvailabilityZone[] {
  return (findRegion(region)?.zones ?? []).map((letter) => ({
    OptInStatus: "opt-in-not-required",
    Messages: [],
    RegionName: region,
    ZoneName: `${region}${letter}`,
    ZoneId: zoneIdOf(`${region}${letter}`) ?? "",
    GroupName: `${region}-zg-1`,
    NetworkBorderGroup: region,
    ZoneType: "availability-zone",
    State: "available",
  }));
}
