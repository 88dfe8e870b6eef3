/**
 * What policies may say about a resource that is there: its tags, and the condition keys of its kind (facts §10.3). Found by its ARN; an ARN that names
 * none (`instance/*`, a service that keeps no such things) has no such keys.
 */
import { endpointServiceName } from "../base/endpoint-services.ts";
import type { ConditionValues } from "../iam/authorize.ts";
import { findEntity } from "../iam/entity.ts";
import { listEntityTags } from "../iam/entity-tags.ts";
import { keyArn } from "../storage/kms-key.ts";
import type { IamEntityKind } from "../store/identity-tables.ts";
import type { PlacementGroupRow } from "../store/placement-tables.ts";
import type { Tables } from "../store/tables.ts";
import type { Tx } from "../store/store.ts";
import { imageOwnerAccount } from "./image.ts";
import { associationOf } from "./instance-profile.ts";
import { imageRootType, rootTypeOf } from "./instance-store.ts";
import type { MetadataOptions } from "./metadata-options.ts";
import type { Owner } from "./owned-rows.ts";
import { listTags } from "./tags.ts";

type Columns<Table extends keyof Tables> = { readonly [Column in keyof Tables[Table]]: Tables[Table][Column] };
type ArnOf = (type: string, id: string) => string;
type Describe<Table extends keyof Tables> = (row: Columns<Table>, arnOf: ArnOf, tx: Tx) => Promise<ConditionValues> | ConditionValues;

interface Kind {
  readonly table: keyof Tables;
  readonly describe: (row: never, arnOf: ArnOf, tx: Tx) => Promise<ConditionValues> | ConditionValues;
}

function kind<Table extends keyof Tables>(table: Table, describe: Describe<Table>): Kind {
  return { table, describe };
}

/** By the type in the ARN. */
const kinds: Readonly<Record<string, Kind>> = {
  instance: kind("instances", async (row, arnOf, tx) => {
    const metadata = JSON.parse(row.metadata_options) as MetadataOptions; // our own row
    return {
      "ec2:InstanceID": row.id,
      "ec2:InstanceType": row.instance_type,
      "ec2:InstanceMarketType": "on-demand",
      "ec2:Tenancy": row.tenancy,
      "ec2:EbsOptimized": flag(row.ebs_optimized),
      "ec2:RootDeviceType": rootTypeOf(row),
      "ec2:AvailabilityZone": row.zone,
      "ec2:InstanceProfile": associationOf(row)?.profileArn,
      "ec2:Subnet": arnOf("subnet", row.subnet_id),
      "ec2:Vpc": arnOf("vpc", row.vpc_id),
      ...metadataConditions(metadata),
      ...(row.placement_group_id === null ? {} : groupConditions(await tx.db.selectFrom("placement_groups").selectAll().where("id", "=", row.placement_group_id).executeTakeFirst(), arnOf)),
    };
  }),
  image: kind("images", (row) => ({
    "ec2:ImageID": row.id,
    "ec2:ImageType": row.image_type,
    "ec2:Owner": row.account === imageOwnerAccount ? "amazon" : row.account,
    "ec2:Public": flag(row.public),
    "ec2:RootDeviceType": imageRootType(row),
  })),
  volume: kind("volumes", (row, arnOf) => ({
    "ec2:VolumeID": row.id,
    "ec2:ParentSnapshot": row.snapshot_id === null ? undefined : arnOf("snapshot", row.snapshot_id),
    ...volumeConditions({ sizeGib: row.size_gib, type: row.type, iops: row.iops, throughput: row.throughput, encrypted: row.encrypted === 1, kmsKey: row.kms_key_id === null ? undefined : keyArn({ ...row, id: row.kms_key_id }), zone: row.zone }),
  })),
  snapshot: kind("snapshots", (row, arnOf) => ({
    "ec2:SnapshotID": row.id,
    "ec2:Owner": row.account === imageOwnerAccount ? "amazon" : row.account,
    "ec2:ParentVolume": row.volume_id === null ? undefined : arnOf("volume", row.volume_id),
    "ec2:VolumeSize": String(row.volume_size_gib),
    "ec2:SnapshotTime": new Date(row.created_at).toISOString(),
    "ec2:Encrypted": flag(row.encrypted),
  })),
  vpc: kind("vpcs", (row) => ({ "ec2:VpcID": row.id, "ec2:Tenancy": row.tenancy })),
  subnet: kind("subnets", (row, arnOf) => ({ "ec2:SubnetID": row.id, "ec2:AvailabilityZone": row.zone, "ec2:Vpc": arnOf("vpc", row.vpc_id) })),
  "security-group": kind("security_groups", (row, arnOf) => ({ "ec2:SecurityGroupID": row.id, "ec2:Vpc": arnOf("vpc", row.vpc_id) })),
  "network-interface": kind("network_interfaces", (row, arnOf) => ({
    "ec2:NetworkInterfaceID": row.id,
    "ec2:AvailabilityZone": row.zone,
    "ec2:Subnet": arnOf("subnet", row.subnet_id),
    "ec2:Vpc": arnOf("vpc", row.vpc_id),
  })),
  "route-table": kind("route_tables", (row, arnOf) => ({ "ec2:RouteTableID": row.id, "ec2:Vpc": arnOf("vpc", row.vpc_id) })),
  "network-acl": kind("network_acls", (row, arnOf) => ({ "ec2:NetworkAclID": row.id, "ec2:Vpc": arnOf("vpc", row.vpc_id) })),
  "internet-gateway": kind("internet_gateways", (row) => ({ "ec2:InternetGatewayID": row.id })),
  "vpc-endpoint": kind("vpc_endpoints", (row) => endpointConditions(row.region, row.service)),
  "instance-connect-endpoint": kind("instance_connect_endpoints", (row, arnOf) => ({ "ec2:SubnetID": row.subnet_id, "ec2:Subnet": arnOf("subnet", row.subnet_id) })),
  natgateway: kind("nat_gateways", () => ({})),
  "dhcp-options": kind("dhcp_options", (row) => ({ "ec2:DhcpOptionsID": row.id })),
  "elastic-ip": kind("elastic_ips", (row) => ({ "ec2:AllocationId": row.id, "ec2:PublicIpAddress": row.public_address })),
  "import-snapshot-task": kind("import_tasks", () => ({})),
  "dedicated-host": kind("dedicated_hosts", (row) => ({
    "ec2:AvailabilityZone": row.zone,
    "ec2:InstanceType": row.instance_type ?? undefined,
    "ec2:AutoPlacement": row.auto_placement,
    "ec2:HostRecovery": row.host_recovery,
  })),
  "capacity-reservation": kind("capacity_reservations", (row) => ({ "ec2:AvailabilityZone": row.zone, "ec2:InstanceType": row.instance_type, "ec2:Tenancy": row.tenancy })),
};

export async function resourceConditions(tx: Tx, owner: Owner, arn: string): Promise<ConditionValues> {
  const [, , service, , account, rest = ""] = arn.split(":");
  const [type = "", ...path] = rest.split("/");
  const name = path.at(-1) ?? "";
  if (name === "" || name.includes("*")) return {};
  if (service === "iam") return entityConditions(tx, account ?? "", type, name);
  if (service !== "ec2") return {};
  if (type === "key-pair") return keyPairConditions(tx, owner, name);
  if (type === "placement-group") return placementGroupConditions(tx, owner, name);
  const known = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (known === undefined) return type === "security-group-rule" ? tagConditions(tx, name) : {};
  // All these tables have ids; Kysely cannot be told so for a table known only at run time.
  const row = await tx.db.selectFrom(known.table as "vpcs").selectAll().where("id", "=", name as never).executeTakeFirst();
  if (row === undefined) return {};
  const arnOf: ArnOf = (of, id) => `arn:aws:ec2:${owner.region}:${of === "snapshot" ? "" : owner.account}:${of}/${id}`;
  // What others wrote on theirs must not open one's own policies.
  const tags = row.account === owner.account ? await tagConditions(tx, name) : {};
  return { ...tags, ...(await known.describe(row as never, arnOf, tx)) };
}

async function tagConditions(tx: Tx, id: string): Promise<ConditionValues> {
  const tags = (await listTags(tx, [id])).get(id) ?? [];
  return tagValues(tags, ["aws:ResourceTag", "ec2:ResourceTag"]);
}

async function entityConditions(tx: Tx, account: string, type: string, name: string): Promise<ConditionValues> {
  const entity = entityTypes.has(type) ? await findEntity(tx, account, type as IamEntityKind, name) : undefined;
  return entity === undefined ? {} : { ...tagValues(await listEntityTags(tx, entity.id), ["aws:ResourceTag", "iam:ResourceTag"]), "iam:PermissionsBoundary": entity.boundary_arn ?? undefined };
}

const entityTypes: ReadonlySet<string> = new Set<IamEntityKind>(["user", "group", "role", "instance-profile", "policy"]);

/** Key pairs have their names in their ARNs. */
async function keyPairConditions(tx: Tx, { account, region }: Owner, name: string): Promise<ConditionValues> {
  const mine = tx.db.selectFrom("key_pairs").selectAll().where("account", "=", account).where("region", "=", region);
  const row = await mine.where("name", "=", name).executeTakeFirst();
  return { "ec2:KeyPairName": name, "ec2:KeyPairType": row?.type, ...(row === undefined ? {} : await tagConditions(tx, row.id)) };
}

/** Placement groups too. */
async function placementGroupConditions(tx: Tx, { account, region }: Owner, name: string): Promise<ConditionValues> {
  const mine = tx.db.selectFrom("placement_groups").selectAll().where("account", "=", account).where("region", "=", region);
  const row = await mine.where("name", "=", name).executeTakeFirst();
  return row === undefined ? {} : { "ec2:PlacementGroupName": row.name, "ec2:PlacementGroupStrategy": row.strategy, ...(await tagConditions(tx, row.id)) };
}

/** Of an instance that is in the group, or is to be. */
export function groupConditions(group: PlacementGroupRow | undefined, arnOf: ArnOf): ConditionValues {
  if (group === undefined) return {};
  return { "ec2:PlacementGroup": arnOf("placement-group", group.name), "ec2:PlacementGroupName": group.name, "ec2:PlacementGroupStrategy": group.strategy };
}

function tagValues(tags: readonly { readonly key: string; readonly value: string }[], prefixes: readonly string[]): ConditionValues {
  return Object.fromEntries(tags.flatMap(({ key, value }) => prefixes.map((prefix) => [`${prefix}/${key}`, value])));
}

export function endpointConditions(region: string, service: string): ConditionValues {
  return { "ec2:VpceServiceName": endpointServiceName(region, { name: service }), "ec2:VpceServiceOwner": "amazon" };
}

export interface VolumeFacts {
  readonly sizeGib: number;
  readonly type: string;
  readonly iops: number | null;
  readonly throughput: number | null;
  readonly encrypted: boolean;
  /** Its ARN, or as a request names it. */
  readonly kmsKey?: string | undefined;
  readonly zone: string;
}

export function volumeConditions({ sizeGib, type, iops, throughput, encrypted, kmsKey, zone }: VolumeFacts): ConditionValues {
  return {
    "ec2:VolumeSize": String(sizeGib),
    "ec2:VolumeType": type,
    "ec2:VolumeIops": iops === null ? undefined : String(iops),
    "ec2:VolumeThroughput": throughput === null ? undefined : String(throughput),
    "ec2:Encrypted": String(encrypted),
    "ec2:KmsKeyId": kmsKey,
    "ec2:AvailabilityZone": zone,
  };
}

export function metadataConditions({ httpTokens, httpPutResponseHopLimit, httpEndpoint }: MetadataOptions): ConditionValues {
  return { "ec2:MetadataHttpTokens": httpTokens, "ec2:MetadataHttpPutResponseHopLimit": String(httpPutResponseHopLimit), "ec2:MetadataHttpEndpoint": httpEndpoint };
}

function flag(value: 0 | 1): string {
  return String(value === 1);
}
