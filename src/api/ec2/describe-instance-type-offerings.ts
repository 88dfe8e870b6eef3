import type { InstanceTypeOffering } from "@aws-sdk/client-ec2";
import { invalidValueOf } from "../../base/api-error.ts";
import { findRegion, zoneIdOf } from "../../base/regions.ts";
import { listInstanceTypeNames } from "../../compute/instance-types/catalogue.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";

/** Every type is offered in every zone of the region. */
export const DescribeInstanceTypeOfferings = defineDescribe({
  name: "DescribeInstanceTypeOfferings",
  supported: "whole",
  list: ({ input, caller }) => {
    const locationType = input.LocationType ?? "region";
    const locations = locationsOf(caller.region, locationType);
    return listInstanceTypeNames().flatMap((name) =>
      locations.map(
        (location): InstanceTypeOffering => ({
          InstanceType: name as NonNullable<InstanceTypeOffering["InstanceType"]>, // the catalogue's names are EC2's
          LocationType: locationType,
          Location: location,
        }),
      ),
    );
  },
  key: (offering) => `${offering.InstanceType} ${offering.Location}`,
  filters: {
    fields: {
      "instance-type": (offering) => offering.InstanceType,
      location: (offering) => offering.Location,
    },
  },
  page: { minimum: 5, maximum: 1000, unasked: 1000 },
  output: (rows, nextToken) => ({ InstanceTypeOfferings: [...rows], ...nextTokenField(nextToken) }),
});

function locationsOf(region: string, type: string): string[] {
  const zones = (findRegion(region)?.zones ?? []).map((letter) => `${region}${letter}`);
  switch (type) {
    case "region":
      return [region];
    case "availability-zone":
      return zones;
    case "availability-zone-id":
      return zones.flatMap((zone) => zoneIdOf(zone) ?? []);
    case "outpost":
      return [];
    default:
      throw invalidValueOf("locationType", type);
  }
}
