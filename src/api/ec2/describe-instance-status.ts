import type { InstanceStatus, InstanceStatusSummary } from "@aws-sdk/client-ec2";
import { zoneIdOf } from "../../base/regions.ts";
import { requireInstances } from "../../compute/instance.ts";
import { toInstanceState } from "../../compute/instance-state.ts";
import { readInstanceChecks, type CheckResult, type InstanceChecks } from "../../compute/instance-status.ts";
import { findInstanceType } from "../../compute/instance-types/catalogue.ts";
import { ownedRows } from "../../compute/owned-rows.ts";
import type { InstanceRow } from "../../store/compute-tables.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import { nextTokenField } from "../describe/paging.ts";
import { toStateView } from "./views/instance-view.ts";

/** The status checks of running instances, and of all others too when asked. */
export const DescribeInstanceStatus = defineDescribe({
  name: "DescribeInstanceStatus",
  supported: "whole; the checks are initializing until the guest first asks for its metadata, then the instance check is whether it answers ARP; there are no scheduled events",
  ids: ({ InstanceIds: ids }) => ids,
  list: async ({ input, caller, tx, now }) => {
    const ids = input.InstanceIds ?? [];
    const rows = ids.length > 0 ? await requireInstances(tx, caller, ids) : await ownedRows(tx, "instances", caller);
    const shown = rows.filter((row) => input.IncludeAllInstances === true || toInstanceState(row) === "running");
    const checks = await readInstanceChecks(tx, shown, now);
    return shown.map((row) => toStatusView(row, checks.get(row.id)));
  },
  key: (status) => status.InstanceId ?? "",
  filters: {
    fields: {
      "application-status.status": () => undefined,
      "attached-ebs-status.status": (status) => status.AttachedEbsStatus?.Status,
      "availability-zone": (status) => status.AvailabilityZone,
      "availability-zone-id": (status) => status.AvailabilityZoneId,
      "event.code": () => undefined,
      "event.description": () => undefined,
      "event.instance-event-id": () => undefined,
      "event.not-after": () => undefined,
      "event.not-before": () => undefined,
      "event.not-before-deadline": () => undefined,
      "instance-state-code": (status) => status.InstanceState?.Code,
      "instance-state-name": (status) => status.InstanceState?.Name,
      "instance-status.reachability": (status) => status.InstanceStatus?.Details?.[0]?.Status,
      "instance-status.status": (status) => status.InstanceStatus?.Status,
      "operator.managed": () => false,
      "operator.principal": () => undefined,
      "system-status.reachability": (status) => status.SystemStatus?.Details?.[0]?.Status,
      "system-status.status": (status) => status.SystemStatus?.Status,
    },
  },
  page: { minimum: 5, maximum: 1000, idsParameter: "instancesSet" },
  output: (rows, nextToken) => ({ InstanceStatuses: [...rows], ...nextTokenField(nextToken) }),
});

function toStatusView(row: InstanceRow, checks: InstanceChecks | undefined): InstanceStatus {
  const nitro = findInstanceType(row.instance_type)?.hypervisor === "nitro";
  return {
    InstanceId: row.id,
    AvailabilityZone: row.zone,
    AvailabilityZoneId: zoneIdOf(row.zone) ?? "",
    InstanceState: toStateView(toInstanceState(row)),
    InstanceStatus: toSummary(checks?.instance),
    SystemStatus: toSummary(checks?.system),
    ...(nitro ? { AttachedEbsStatus: toSummary(checks?.attachedEbs) } : {}),
  };
}

function toSummary(result: CheckResult | undefined): Pick<InstanceStatusSummary, "Details" | "Status"> {
  switch (result?.status) {
    case "ok":
      return { Status: "ok", Details: [{ Name: "reachability", Status: "passed" }] };
    case "initializing":
      return { Status: "initializing", Details: [{ Name: "reachability", Status: "initializing" }] };
    case "impaired":
      return { Status: "impaired", Details: [{ Name: "reachability", Status: "failed", ImpairedSince: new Date(result.since) }] };
    case "not-applicable":
    case undefined:
      return { Status: "not-applicable" };
  }
}
