import { ownedRows } from "../../compute/owned-rows.ts";
import { listTagsOfType } from "../../compute/tags.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toHostView, viewHosts } from "./views/dedicated-host-view.ts";
import { tagsOfView } from "./views/tag-view.ts";

/** The account's Dedicated Hosts in this region, with what they have room for. */
export const DescribeHosts = defineDescribe({
  name: "DescribeHosts",
  supported: "whole; released hosts are gone at once",
  ids: ({ HostIds: ids }) => ids,
  list: async ({ input, caller, tx }) => {
    const tags = await listTagsOfType(tx, caller, "dedicated-host");
    const hosts = await viewHosts(tx, await ownedRows(tx, "dedicated_hosts", caller, input.HostIds));
    return hosts.map((host) => toHostView(host, tags.get(host.row.id)));
  },
  key: (host) => host.HostId ?? "",
  filters: {
    tags: tagsOfView,
    fields: {
      "auto-placement": (host) => host.AutoPlacement,
      "availability-zone": (host) => host.AvailabilityZone,
      "client-token": (host) => host.ClientToken,
      "host-reservation-id": () => undefined,
      "instance-type": (host) => host.HostProperties?.InstanceType,
      state: (host) => host.State,
    },
  },
  page: { minimum: 5, maximum: 500, idsParameter: "hostIds" },
  output: (rows, nextToken) => ({ Hosts: [...rows], ...nextTokenField(nextToken) }),
});
