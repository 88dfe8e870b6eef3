import type { VolumeStatusItem } from "@aws-sdk/client-ec2";
import { ownedRows } from "../../compute/owned-rows.ts";
import { listHeardHosts } from "../../placement/heard.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toVolumeStatusView } from "./views/volume-status-view.ts";

const filters: FilterTable<VolumeStatusItem> = {
  fields: {
    "action.code": ({ Actions: actions = [] }) => actions.map((action) => action.Code),
    "action.description": ({ Actions: actions = [] }) => actions.map((action) => action.Description),
    "action.event-id": ({ Actions: actions = [] }) => actions.map((action) => action.EventId),
    "attachment-status.instance-id": () => undefined,
    "attachment-status.io-performance": () => undefined,
    "availability-zone": (status) => status.AvailabilityZone,
    "availability-zone-id": (status) => status.AvailabilityZoneId,
    "event.description": ({ Events: events = [] }) => events.map((event) => event.Description),
    "event.event-id": ({ Events: events = [] }) => events.map((event) => event.EventId),
    "event.event-type": ({ Events: events = [] }) => events.map((event) => event.EventType),
    "event.not-after": ({ Events: events = [] }) => events.map((event) => event.NotAfter),
    "event.not-before": ({ Events: events = [] }) => events.map((event) => event.NotBefore),
    "volume-status.details-name": ({ VolumeStatus: status }) => status?.Details?.map((detail) => detail.Name) ?? [],
    "volume-status.details-status": ({ VolumeStatus: status }) => status?.Details?.map((detail) => detail.Status) ?? [],
    "volume-status.status": ({ VolumeStatus: status }) => status?.Status,
  },
};

/** Whether the account's volumes can be read and written, and what stands in the way. */
export const DescribeVolumeStatus = defineDescribe({
  name: "DescribeVolumeStatus",
  supported: "whole",
  ids: ({ VolumeIds: ids }) => ids,
  list: async ({ input, caller, tx, now }) => {
    const volumes = await ownedRows(tx, "volumes", caller, input.VolumeIds);
    const heard = await listHeardHosts(tx, caller.region, now);
    return volumes.map((volume) => toVolumeStatusView(volume, heard.has(volume.storage_node)));
  },
  key: (status) => status.VolumeId ?? "",
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "volumeIds" },
  output: (rows, nextToken) => ({ VolumeStatuses: [...rows], ...nextTokenField(nextToken) }),
});
