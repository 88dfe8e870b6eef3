import type { Instance } from "@aws-sdk/client-ec2";
import { requireInstances } from "../../compute/instance.ts";
import { associationOf } from "../../compute/instance-profile.ts";
import { stateCodes, toInstanceState } from "../../compute/instance-state.ts";
import { rootTypeOf } from "../../compute/instance-store.ts";
import { privateHostName, publicHostName } from "../../compute/machine-specification.ts";
import { groupIdsOf } from "../../network/network-interface.ts";
import { markLasting } from "../../wire/lasting.ts";
import type { Call } from "../action.ts";
import { defineDescribe } from "../describe/define-describe.ts";
import type { FilterTable } from "../describe/filters.ts";
import { viewInstances, type ViewedInstance } from "./views/instance-parts.ts";
import { toDeviceStatus, toInstanceView, toReservations } from "./views/instance-view.ts";

const filters: FilterTable<ViewedInstance> = {
  tags: ({ tags }) => tags,
  fields: {
    architecture: ({ row }) => row.architecture,
    "availability-zone": ({ row }) => row.zone,
    "block-device-mapping.delete-on-termination": ({ attachments }) => attachments.map((each) => each.delete_on_termination === 1),
    "block-device-mapping.device-name": ({ attachments }) => attachments.map((each) => each.device),
    "block-device-mapping.status": ({ row, attachments }) => attachments.map((each) => toDeviceStatus(row, each)),
    "block-device-mapping.volume-id": ({ attachments }) => attachments.map((each) => each.volume_id),
    "client-token": ({ row }) => row.client_token,
    "dns-name": (viewed) => publicAddressesOf(viewed).map((address) => (address === undefined ? "" : publicHostName(address, viewed.row.region))),
    "group-id": ({ interfaces }) => interfaces.flatMap(groupIdsOf),
    "group-name": ({ interfaces, groups }) => interfaces.flatMap(groupIdsOf).map((id) => groups.get(id)?.name),
    hypervisor: () => "xen",
    "image-id": ({ row }) => row.image_id,
    "instance-id": ({ row }) => row.id,
    "instance-state-code": ({ row }) => stateCodes[toInstanceState(row)],
    "instance-state-name": ({ row }) => toInstanceState(row),
    "instance-type": ({ row }) => row.instance_type,
    "instance.group-id": ({ interfaces }) => interfaces.flatMap(groupIdsOf),
    "instance.group-name": ({ interfaces, groups }) => interfaces.flatMap(groupIdsOf).map((id) => groups.get(id)?.name),
    "ip-address": publicAddressesOf,
    "ipv6-address": ({ ipv6 }) => [...ipv6.values()].flat(),
    "kernel-id": ({ row }) => row.kernel_id,
    "key-name": ({ row }) => row.key_name,
    "launch-index": ({ row }) => row.launch_index,
    "launch-time": ({ row }) => new Date(row.launched_at),
    "metadata-options.http-tokens": ({ row }) => (JSON.parse(row.metadata_options) as { httpTokens: string }).httpTokens, // written by launch
    "monitoring-state": ({ row }) => (row.monitoring === 1 ? "enabled" : "disabled"),
    "network-interface.network-interface-id": ({ interfaces }) => interfaces.map((nic) => nic.id),
    "network-interface.addresses.private-ip-address": ({ addresses }) => [...addresses.values()].flat().map((each) => each.privateAddress),
    "network-interface.ipv6-addresses.ipv6-address": ({ ipv6 }) => [...ipv6.values()].flat(),
    "network-interface.subnet-id": ({ interfaces }) => interfaces.map((nic) => nic.subnet_id),
    "network-interface.vpc-id": ({ interfaces }) => interfaces.map((nic) => nic.vpc_id),
    "owner-id": ({ row }) => row.account,
    "private-dns-name": ({ interfaces, row }) => interfaces.slice(0, 1).map((nic) => privateHostName(nic.private_address, row.region)),
    "private-ip-address": ({ interfaces }) => interfaces.map((nic) => nic.private_address),
    reason: ({ row }) => row.transition_reason,
    "iam-instance-profile.arn": ({ row }) => associationOf(row)?.profileArn,
    "iam-instance-profile.id": ({ row }) => associationOf(row)?.profileId,
    "reservation-id": ({ row }) => row.reservation_id,
    "root-device-name": ({ row }) => row.root_device_name,
    "root-device-type": ({ row }) => rootTypeOf(row),
    "source-dest-check": ({ row }) => row.source_dest_check === 1,
    "state-reason-code": ({ row }) => row.state_reason_code,
    "state-reason-message": ({ row }) => row.state_reason_message,
    "subnet-id": ({ row }) => row.subnet_id,
    tenancy: ({ row }) => row.tenancy,
    "virtualization-type": ({ row }) => row.virtualization_type,
    "vpc-id": ({ row }) => row.vpc_id,
  },
};

/** Of its first interface's primary address: an Elastic IP address, else the automatic one. */
function publicAddressesOf({ interfaces, addresses }: ViewedInstance): (string | undefined)[] {
  return interfaces.slice(0, 1).map((nic) => addresses.get(nic.id)?.[0]?.publicAddress);
}

/** The account's instances in this region, terminated ones for about an hour. */
export const DescribeInstances = defineDescribe({
  name: "DescribeInstances",
  supported: "whole; filters for the attributes that are kept",
  ids: ({ InstanceIds: ids }) => ids,
  list: listInstances,
  key: ({ row }) => row.id,
  filters,
  page: { minimum: 5, maximum: 1000, idsParameter: "instancesSet" },
  output: (instances, nextToken) => ({
    Reservations: toReservations(instances, toKeptView),
    ...(nextToken === undefined ? {} : { NextToken: nextToken }),
  }),
});

/** A longer list is read anew each time: to keep it would cost more memory than it saves time. */
const keptInstances = 200;

/** Nothing here depends on the time or on who asks, so the list of an account and region is read once and kept until one of its tables is written. */
function listInstances(call: Call<{ InstanceIds?: string[] | undefined }>): Promise<readonly ViewedInstance[]> {
  const { input, caller, tx } = call;
  const key = JSON.stringify(["instances", caller.account, caller.region, input.InstanceIds]);
  return tx.recall(key, async (former) => viewInstances(tx, await listRows(call), former), ({ length }) => length <= keptInstances);
}

const keptViews = new WeakMap<ViewedInstance, Instance>();

/** An instance whose rows stay as they are keeps its view, and so the bytes of it. */
function toKeptView(viewed: ViewedInstance): Instance {
  let view = keptViews.get(viewed);
  if (view === undefined) keptViews.set(viewed, (view = markLasting(toInstanceView(viewed))));
  return view;
}

async function listRows({ input, caller, tx }: Call<{ InstanceIds?: string[] | undefined }>) {
  if (input.InstanceIds !== undefined && input.InstanceIds.length > 0) return requireInstances(tx, caller, input.InstanceIds);
  return tx.db.selectFrom("instances").selectAll().where("account", "=", caller.account).where("region", "=", caller.region).execute();
}
