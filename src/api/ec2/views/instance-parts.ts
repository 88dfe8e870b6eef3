/** What the views of instances need beside the instances' own rows, read in a handful of queries however many instances there are. */
import { isDeepStrictEqual } from "node:util";
import type { InterfaceId } from "../../../base/ids.ts";
import type { Tag } from "../../../compute/tags.ts";
import { listInterfaceAddresses, type InterfaceAddress } from "../../../network/interface-addresses.ts";
import { listPrefixes } from "../../../network/interface-prefixes.ts";
import { listIpv6Addresses, listIpv6Prefixes } from "../../../network/listed-ipv6-addresses.ts";
import type { InstanceRow } from "../../../store/compute-tables.ts";
import type { NetworkInterfaceRow, SecurityGroupRow, VpcRow } from "../../../store/network-tables.ts";
import type { PlacementGroupRow } from "../../../store/placement-tables.ts";
import { areEqualRows } from "../../../store/equal-rows.ts";
import { prepare, prepareForList, prepareKept } from "../../../store/prepared.ts";
import type { Tx } from "../../../store/store.ts";
import type { VolumeAttachmentRow } from "../../../store/storage-tables.ts";

export interface ViewedInstance {
  readonly row: InstanceRow;
  readonly interfaces: readonly NetworkInterfaceRow[];
  /** Of its interfaces, in their order. */
  readonly addresses: ReadonlyMap<InterfaceId, readonly InterfaceAddress[]>;
  /** Of those of its interfaces that have any. */
  readonly ipv6: Addresses;
  readonly prefixes: Addresses;
  readonly ipv6Prefixes: Addresses;
  readonly attachments: readonly VolumeAttachmentRow[];
  readonly tags: readonly Tag[];
  /** Of all its interfaces. */
  readonly interfaceTags: readonly Tag[];
  readonly groups: ReadonlyMap<string, SecurityGroupRow>;
  readonly vpcs: ReadonlyMap<string, VpcRow>;
  /** Its placement group, if it is in one. */
  readonly placementGroup: Pick<PlacementGroupRow, "id" | "name"> | undefined;
}

/** Up to so many instances are looked up by id; for more, all rows of their account and region are read. */
const byIdLimit = 20;

/** The rows must be of one account and region. An instance of `former` comes back as it is where nothing about it has changed. */
export async function viewInstances(tx: Tx, rows: readonly InstanceRow[], former: readonly ViewedInstance[] = []): Promise<readonly ViewedInstance[]> {
  const first = rows[0];
  if (first === undefined) return [];
  const { account, region } = first;
  const ids = rows.length <= byIdLimit ? rows.map((row) => row.id) : undefined;
  const nics = await readInterfaces(tx, account, region, ids);
  const interfaces = groupBy(nics, (row) => row.instance_id ?? "");
  const addresses = await listInterfaceAddresses(tx, nics);
  const nicIds = nics.map((nic) => nic.id);
  const [ipv6, prefixes, ipv6Prefixes] = [await listIpv6Addresses(tx, nicIds), await listPrefixes(tx, nicIds), await listIpv6Prefixes(tx, nicIds)];
  const attachments = groupBy(await readAttachments(tx, account, region, ids), (row) => row.instance_id);
  const tags = groupBy(await readTags(tx, account, region, ids && [...ids, ...nicIds]), (row) => row.resource_id);
  const [groups, vpcs] = [await selectGroups(tx, first), await selectVpcs(tx, first)];
  const placementGroups = await readPlacementGroups(tx, rows);
  const around = { groups: new Map(groups.map((row) => [row.id, row])), vpcs: new Map(vpcs.map((row) => [String(row.id), row])) };
  const viewed = rows.map((row) => ({
    row,
    interfaces: interfaces.get(row.id) ?? [],
    addresses: new Map((interfaces.get(row.id) ?? []).map(({ id }) => [id, addresses.get(id) ?? []])),
    ipv6: entriesOf(interfaces.get(row.id) ?? [], ipv6),
    prefixes: entriesOf(interfaces.get(row.id) ?? [], prefixes),
    ipv6Prefixes: entriesOf(interfaces.get(row.id) ?? [], ipv6Prefixes),
    attachments: attachments.get(row.id) ?? [],
    tags: tags.get(row.id) ?? [],
    interfaceTags: (interfaces.get(row.id) ?? []).flatMap(({ id }) => tags.get(id) ?? []),
    placementGroup: row.placement_group_id === null ? undefined : placementGroups.get(row.placement_group_id),
    ...around,
  }));
  return takeOver(former, viewed);
}

type Addresses = ReadonlyMap<InterfaceId, readonly string[]>;

/** Those of the interfaces; mostly there are none at all. */
function entriesOf(interfaces: readonly NetworkInterfaceRow[], all: Addresses): Addresses {
  return all.size === 0 ? all : new Map(interfaces.flatMap(({ id }) => (all.has(id) ? [[id, all.get(id) ?? []]] : [])));
}

type Owner = Pick<InstanceRow, "account" | "region">;

const selectGroups = prepareKept((db, { account, region }: Owner) => db.selectFrom("security_groups").selectAll().where("account", "=", account).where("region", "=", region));
const selectVpcs = prepareKept((db, { account, region }: Owner) => db.selectFrom("vpcs").selectAll().where("account", "=", account).where("region", "=", region));

/** Few instances are in a group; groups keep their names. */
async function readPlacementGroups(tx: Tx, rows: readonly InstanceRow[]): Promise<ReadonlyMap<string, PlacementGroupRow>> {
  const member = rows.find((row) => row.placement_group_id !== null);
  const groups = member === undefined ? [] : await tx.db.selectFrom("placement_groups").selectAll().where("account", "=", member.account).where("region", "=", member.region).execute();
  return new Map(groups.map((group) => [group.id, group]));
}

/** The instances, those of `former` in the place of equal ones: what is kept of a view belongs to the very object. */
function takeOver(former: readonly ViewedInstance[], viewed: readonly ViewedInstance[]): readonly ViewedInstance[] {
  const [before, now] = [former[0], viewed[0]];
  // All of one list have equal groups and VPCs around them.
  if (before === undefined || now === undefined || !isSameAround(before, now)) return viewed;
  const formerById = new Map(former.map((each) => [each.row.id, each]));
  return viewed.map((instance) => {
    const known = formerById.get(instance.row.id);
    return known !== undefined && isSameInstance(known, instance) ? known : instance;
  });
}

function isSameAround(a: ViewedInstance, b: ViewedInstance): boolean {
  return areEqualRows([...a.groups.values()], [...b.groups.values()]) && areEqualRows([...a.vpcs.values()], [...b.vpcs.values()]);
}

function isSameInstance(a: ViewedInstance, b: ViewedInstance): boolean {
  return (
    areEqualRows([a.row], [b.row]) &&
    areEqualRows(a.interfaces, b.interfaces) &&
    areEqualAddresses([...a.addresses.values()].flat(), [...b.addresses.values()].flat()) && // each interface's begin with its primary one
    areEqualMaps(a.ipv6, b.ipv6) &&
    areEqualMaps(a.prefixes, b.prefixes) &&
    areEqualMaps(a.ipv6Prefixes, b.ipv6Prefixes) &&
    areEqualRows(a.attachments, b.attachments) &&
    areEqualRows(a.tags, b.tags) &&
    areEqualRows(a.interfaceTags, b.interfaceTags)
  );
}

function areEqualMaps(some: Addresses, others: Addresses): boolean {
  return some.size === others.size && (some.size === 0 || isDeepStrictEqual(some, others));
}

function areEqualAddresses(some: readonly InterfaceAddress[], others: readonly InterfaceAddress[]): boolean {
  const [columns, elasticIps] = [(address: InterfaceAddress) => ({ ...address, elasticIp: null }), (address: InterfaceAddress) => address.elasticIp ?? []];
  return areEqualRows(some.map(columns), others.map(columns)) && areEqualRows(some.flatMap(elasticIps), others.flatMap(elasticIps));
}

async function readInterfaces(tx: Tx, account: string, region: string, ids: readonly InstanceRow["id"][] | undefined): Promise<NetworkInterfaceRow[]> {
  return ids === undefined ? selectInterfaces(tx, { account, region }) : selectInterfacesOf(tx, ids);
}

const selectInterfaces = prepare((db, { account, region }: Owner) =>
  db.selectFrom("network_interfaces").selectAll().where("account", "=", account).where("region", "=", region).orderBy("device_index"),
);
const selectInterfacesOf = prepareForList((db, ids: readonly InstanceRow["id"][]) =>
  db.selectFrom("network_interfaces").selectAll().where("instance_id", "in", ids).orderBy("device_index"),
);

async function readAttachments(tx: Tx, account: string, region: string, ids: readonly InstanceRow["id"][] | undefined): Promise<VolumeAttachmentRow[]> {
  return ids === undefined ? selectAttachments(tx, { account, region }) : selectAttachmentsOf(tx, ids);
}

const selectAttachments = prepare((db, { account, region }: Owner) =>
  db
    .selectFrom("volume_attachments")
    .innerJoin("instances", "instances.id", "volume_attachments.instance_id")
    .selectAll("volume_attachments")
    .where("instances.account", "=", account)
    .where("instances.region", "=", region)
    .orderBy("root", "desc")
    .orderBy("device"),
);
const selectAttachmentsOf = prepareForList((db, ids: readonly InstanceRow["id"][]) =>
  db.selectFrom("volume_attachments").selectAll().where("instance_id", "in", ids).orderBy("root", "desc").orderBy("device"),
);

async function readTags(tx: Tx, account: string, region: string, ids: readonly string[] | undefined): Promise<(Tag & { resource_id: string })[]> {
  return ids === undefined ? selectTags(tx, { account, region }) : selectTagsOf(tx, ids);
}

const tagColumns = ["resource_id", "key", "value"] as const; // the columns' names as such
const selectTags = prepare((db, { account, region }: Owner) =>
  db.selectFrom("tags").select(tagColumns).where("account", "=", account).where("region", "=", region).where("resource_type", "in", ["instance", "network-interface"]).orderBy("key"),
);
const selectTagsOf = prepareForList((db, ids: readonly string[]) => db.selectFrom("tags").select(tagColumns).where("resource_id", "in", ids).orderBy("key"));

function groupBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
