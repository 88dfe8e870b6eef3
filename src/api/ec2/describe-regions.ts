import type { Region } from "@aws-sdk/client-ec2";
import { notFound } from "../../base/api-error.ts";
import { regions, type RegionFacts } from "../../base/regions.ts";
import { defineDescribe } from "../describe/define-describe.ts";

/** The public regions. All of them answer here, so those that need opting in are opted in, and AllRegions adds nothing. */
export const DescribeRegions = defineDescribe({
  name: "DescribeRegions",
  supported: "whole; every region is opted in",
  list: ({ input }) => {
    const names = input.RegionNames ?? [];
    const unknown = names.find((name) => regions.every((region) => region.name !== name));
    if (unknown !== undefined) throw notFound("region", unknown);
    return regions.filter(({ name }) => names.length === 0 || names.includes(name)).map(toRegionView);
  },
  key: (region) => region.RegionName ?? "",
  filters: {
    fields: {
      endpoint: (region) => region.Endpoint,
      "opt-in-status": (region) => region.OptInStatus,
      "region-name": (region) => region.RegionName,
    },
  },
  output: (rows) => ({ Regions: [...rows] }),
});

function toRegionView({ name, optIn }: RegionFacts): Region {
  return { RegionName: name, Endpoint: `ec2.${name}.amazonaws.com`, OptInStatus: optIn ? "opted-in" : "opt-in-not-required" };
}
