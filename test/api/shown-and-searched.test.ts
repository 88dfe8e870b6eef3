/**
 * What EC2 documents as a filter finds what the answers show: each is tried with the value of its own in some resource's view, many in one call. Only a few
 * ask for what no view shows, and those for which nothing here can have a value are listed with the reason.
 */
import type { EC2 } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { readDocumentedFilters } from "./documented-filter-names.ts";
import { launchOne } from "./launch-one.ts";
import { launchRichInstances, type RichInstances } from "./rich-instances.ts";
import { openStaffedServer } from "./simulated-hosts.ts";
import { attachGateway, makeVpc } from "./vpc-parts.ts";

/** Where a view has what a filter asks for, if not under the filter's own name; in place of a whole name or of its beginning. */
const places: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DescribeInstances: {
    affinity: "Placement.Affinity",
    "availability-zone": "Placement.AvailabilityZone",
    "availability-zone-id": "Placement.AvailabilityZoneId",
    "block-device-mapping": "BlockDeviceMappings.Ebs",
    "block-device-mapping.device-name": "BlockDeviceMappings.DeviceName",
    "dns-name": "PublicDnsName",
    "host-id": "Placement.HostId",
    "instance-state-code": "State.Code",
    "instance-state-name": "State.Name",
    "instance.group-id": "SecurityGroups.GroupId",
    "instance.group-name": "SecurityGroups.GroupName",
    "ip-address": "PublicIpAddress",
    "launch-index": "AmiLaunchIndex",
    "monitoring-state": "Monitoring.State",
    "network-interface": "NetworkInterfaces",
    "network-interface.addresses": "NetworkInterfaces.PrivateIpAddresses",
    "network-interface.attachment.instance-id": "InstanceId",
    "network-interface.attachment.instance-owner-id": "OwnerId",
    "network-interface.availability-zone": "Placement.AvailabilityZone",
    "network-interface.group-id": "NetworkInterfaces.Groups.GroupId",
    "network-interface.group-name": "NetworkInterfaces.Groups.GroupName",
    "network-interface.ipv6-address": "NetworkInterfaces.Ipv6Addresses.Ipv6Address",
    "network-interface.public-dns-name": "NetworkInterfaces.Association.PublicDnsName",
    "placement-group-name": "Placement.GroupName",
    "placement-partition-number": "Placement.PartitionNumber",
    reason: "StateTransitionReason",
    "state-reason-code": "StateReason.Code",
    "state-reason-message": "StateReason.Message",
    "tag-key": "Tags.Key",
    "tag:kind": "Tags.Value",
    tenancy: "Placement.Tenancy",
  },
  DescribeNetworkInterfaces: {
    addresses: "PrivateIpAddresses",
    "addresses.association.owner-id": "PrivateIpAddresses.Association.IpOwnerId",
    "group-id": "Groups.GroupId",
    "tag-key": "TagSet.Key",
    "tag:kind": "TagSet.Value",
  },
  DescribeSubnets: {
    "ipv6-cidr-block-association": "Ipv6CidrBlockAssociationSet",
    "ipv6-cidr-block-association.state": "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State",
    "tag-key": "Tags.Key",
    "tag:kind": "Tags.Value",
  },
  DescribeVolumes: { attachment: "Attachments", "attachment.status": "Attachments.State", status: "State", "tag-key": "Tags.Key", "tag:kind": "Tags.Value" },
};

const noBusiness = "no carriers, Outposts, marketplaces or services that act for others";
const noOperators = "no service manages resources";
/** Of which nothing here ever has a value. */
const nowhere: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DescribeInstances: {
    "capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn": "no resource groups",
    "instance-lifecycle": "neither Spot Instances nor scheduled ones",
    "network-interface.addresses.association.carrier-ip": noBusiness,
    "network-interface.addresses.association.customer-owned-ip": noBusiness,
    "network-interface.association.carrier-ip": noBusiness,
    "network-interface.association.customer-owned-ip": noBusiness,
    "network-interface.operator.principal": noOperators,
    "network-interface.outpost-arn": noBusiness,
    "network-interface.requester-id": "no service attaches its interfaces to instances",
    "network-performance-options.bandwidth-weighting": "no choice of what a type's bandwidth is for",
    "operator.principal": noOperators,
    "outpost-arn": noBusiness,
    platform: "said of Windows only",
    "product-code": noBusiness,
    "product-code.type": noBusiness,
    "ramdisk-id": "kernels bring theirs along",
    "requester-id": noBusiness,
    "spot-instance-request-id": "no Spot Instances",
    "tpm-support": "no virtual TPMs",
  },
  DescribeNetworkInterfaces: { "operator.principal": noOperators },
  DescribeSubnets: { "customer-owned-ipv4-pool": noBusiness, "enable-lni-at-device-index": noBusiness, "outpost-arn": noBusiness },
  DescribeVolumes: { "operator.principal": noOperators },
};

/** What no view shows: of the instance in the midst, its volume, interface and subnet. */
const unshown = ({ primary, secondary }: RichInstances): Readonly<Record<string, Readonly<Record<string, string>>>> => ({
  DescribeInstances: {
    "metadata-options.http-protocol-ipv4": "enabled",
    "network-interface.addresses.association.allocation-id": secondary.allocation,
    "network-interface.addresses.association.association-id": secondary.association,
    "network-interface.association.allocation-id": primary.allocation,
    "network-interface.association.association-id": primary.association,
    "network-interface.deny-all-igw-traffic": "false",
    "network-interface.ipv6-native": "false",
    "network-interface.operator.managed": "false",
    "network-interface.requester-managed": "false",
    "network-interface.tag-key": "kind",
    "network-interface.tag-value": "of-network-interface",
    "operator.managed": "false",
  },
  DescribeNetworkInterfaces: { "operator.managed": "false" },
  DescribeVolumes: { "fast-restored": "false", "operator.managed": "false" },
});

interface Shown {
  readonly id: string;
  readonly view: unknown;
}

type Filters = readonly { readonly Name: string; readonly Values: string[] }[];
type Search = (filters: Filters) => Promise<readonly Shown[]>;

function searches(ec2: EC2): Readonly<Record<string, Search>> {
  const shown = <View>(views: readonly View[] | undefined, idOf: (view: View) => string | undefined) => (views ?? []).map((view) => ({ id: idOf(view) ?? "", view }));
  return {
    DescribeInstances: async (filters) => {
      const { Reservations: reservations = [] } = await ec2.describeInstances({ Filters: [...filters] });
      return shown(reservations.flatMap(({ Instances: instances = [], ...around }) => instances.map((each) => ({ ...around, ...each }))), (view) => view.InstanceId);
    },
    DescribeNetworkInterfaces: async (filters) => shown((await ec2.describeNetworkInterfaces({ Filters: [...filters] })).NetworkInterfaces, (view) => view.NetworkInterfaceId),
    DescribeSubnets: async (filters) => shown((await ec2.describeSubnets({ Filters: [...filters] })).Subnets, (view) => view.SubnetId),
    DescribeVolumes: async (filters) => shown((await ec2.describeVolumes({ Filters: [...filters] })).Volumes, (view) => view.VolumeId),
  };
}

const plain = (name: string) => name.replaceAll("-", "").toLowerCase();

/** All values in a view at the place, whichever letters are great in it. */
function valuesAt(view: unknown, [name, ...rest]: readonly string[]): string[] {
  if (Array.isArray(view)) return view.flatMap((each: unknown) => valuesAt(each, name === undefined ? [] : [name, ...rest]));
  if (name === undefined) return view === undefined || view === "" ? [] : [view instanceof Date ? view.toISOString() : String(view)];
  if (typeof view !== "object" || view === null) return [];
  return Object.entries(view).flatMap(([member, value]) => (plain(member) === plain(name) ? valuesAt(value, rest) : []));
}

function placeOf(action: string, filter: string): string[] {
  const known = places[action] ?? {};
  const parts = filter.split(".");
  for (let length = parts.length; length > 0; length--) {
    const place = known[parts.slice(0, length).join(".")];
    if (place !== undefined) return [...place.split("."), ...parts.slice(length)];
  }
  return parts;
}

/** Those of the filters that do not find it, each by itself; they must all hold, so one call says of many that they do. */
async function listBlind(search: Search, id: string, filters: Filters): Promise<string[]> {
  if ((await search(filters)).some((found) => found.id === id)) return [];
  if (filters.length === 1) return filters.map(({ Name, Values }) => `${Name} finds nothing by ${Values.join()}`);
  const half = Math.ceil(filters.length / 2);
  return [...(await listBlind(search, id, filters.slice(0, half))), ...(await listBlind(search, id, filters.slice(half)))];
}

test("Instances, volumes, interfaces and subnets are found by each filter that EC2 documents, with what is shown of them", async () => {
  const documented = await readDocumentedFilters(Object.keys(places));
  await using server = await openStaffedServer();
  const rich = await launchRichInstances(server);
  const wrong: string[] = [];
  for (const [action, search] of Object.entries(searches(server.ec2()))) {
    const all = await search([]);
    const central = all.find(({ view }) => JSON.stringify(view).includes(rich.central))?.id ?? "";
    const filters = new Map<string, { Name: string; Values: string[] }[]>();
    for (const Name of new Set(documented.get(action)?.map((name) => (name.startsWith("tag:") || name === "tag" ? "tag:kind" : name)))) {
      if (nowhere[action]?.[Name] !== undefined) continue;
      const hidden = unshown(rich)[action]?.[Name];
      const [shown] = hidden === undefined ? all.flatMap(({ id, view }) => valuesAt(view, placeOf(action, Name)).slice(-1).map((value) => ({ id, value }))) : [{ id: central, value: hidden }];
      if (shown === undefined) wrong.push(`${action}: ${Name} has no value`);
      else filters.set(shown.id, [...(filters.get(shown.id) ?? []), { Name, Values: [shown.value.replace(/[*?\\]/g, "\\$&")] }]);
    }
    for (const [id, each] of filters) wrong.push(...(await listBlind(search, id, each)).map((text) => `${action}: ${text}`));
  }
  expect(wrong).toEqual([]);
});

test("What is not shown of an instance is not searched either: host names of a VPC without them, the kernel behind an image that has none, tags of others' interfaces", async () => {
  await using server = await openStaffedServer();
  const ec2 = server.ec2();
  const { subnetId: SubnetId, vpcId } = await makeVpc(server);
  await attachGateway(ec2, vpcId);
  const nameless = await launchOne(server, { NetworkInterfaces: [{ DeviceIndex: 0, SubnetId, AssociatePublicIpAddress: true }] });
  const { instance: other } = await launchOne(server, { TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "hostelry:virtualization", Value: "paravirtual" }] }] });
  await server.hosts.settle();
  await ec2.createTags({ Resources: [nameless.networkInterface], Tags: [{ Key: "front", Value: "yes" }] });
  const find = async (name: string, value: string) => (await searches(ec2)["DescribeInstances"]?.([{ Name: name, Values: [value] }]))?.map(({ id }) => id).toSorted();
  const before = [await find("ip-address", "*"), await find("dns-name", "ec2-*"), await find("kernel-id", "*"), await find("network-interface.tag-key", "front"), await find("network-interface.tag-value", "yes"), await find("tag-key", "front")];
  expect(before).toEqual([[nameless.instance, other].toSorted(), [other], [], [nameless.instance], [nameless.instance], []]);
  await ec2.deleteTags({ Resources: [nameless.networkInterface], Tags: [{ Key: "front" }] });
  expect(await find("network-interface.tag-key", "front")).toEqual([]);
});
