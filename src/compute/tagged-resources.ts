/** Resources of any kind by their ids, as CreateTags and DeleteTags name them (facts §12.3). */
import { invalidParameterValue, invalidResourceId, notFound } from "../base/api-error.ts";
import { kindOfId, type ResourceKind } from "../base/ids.ts";
import { listRulesByGroup } from "../network/security-group-rules.ts";
import { listPeeringIds } from "../network/vpc-peering.ts";
import { wake } from "../store/due.ts";
import type { Tx } from "../store/store.ts";
import { requireTagKeysForMetadata, type MetadataOptions } from "./metadata-options.ts";
import { ownedRows, tableOfKind, type Owner } from "./owned-rows.ts";
import { putTags, type Tag, type TaggedResource } from "./tags.ts";

const resourceLimit = 1000;

/** How TagSpecifications and DescribeTags call each kind that can be tagged here. */
const resourceTypes: Readonly<Partial<Record<ResourceKind, string>>> = {
  instance: "instance",
  image: "image",
  keyPair: "key-pair",
  launchTemplate: "launch-template",
  volume: "volume",
  snapshot: "snapshot",
  importSnapshotTask: "import-snapshot-task",
  vpc: "vpc",
  subnet: "subnet",
  internetGateway: "internet-gateway",
  natGateway: "natgateway",
  egressOnlyGateway: "egress-only-internet-gateway",
  routeTable: "route-table",
  networkAcl: "network-acl",
  dhcpOptions: "dhcp-options",
  securityGroup: "security-group",
  securityGroupRule: "security-group-rule",
  networkInterface: "network-interface",
  elasticIp: "elastic-ip",
  flowLog: "vpc-flow-log",
  vpcPeeringConnection: "vpc-peering-connection",
  prefixList: "prefix-list",
  vpcEndpoint: "vpc-endpoint",
  instanceConnectEndpoint: "instance-connect-endpoint",
  placementGroup: "placement-group",
  dedicatedHost: "dedicated-host",
  capacityReservation: "capacity-reservation",
};

/** The owner's resources of the ids. Fails with `InvalidID` for a text that is no id, and as its kind does for one that the owner does not have. */
export async function requireTaggedResources(tx: Tx, owner: Owner, ids: readonly string[]): Promise<TaggedResource[]> {
  if (ids.length > resourceLimit) throw invalidParameterValue(`The number of resources must not exceed ${resourceLimit}.`);
  const byKind = Map.groupBy(new Set(ids), (id) => {
    const kind = kindOfId(id);
    if (kind === undefined) throw invalidResourceId(id);
    return kind;
  });
  for (const [kind, sameKind] of byKind) await requireOwned(tx, kind, owner, sameKind);
  return Array.from(byKind, ([kind, sameKind]) =>
    sameKind.map((id) => ({ id, type: resourceTypes[kind] ?? "", account: owner.account, region: owner.region })),
  ).flat();
}

async function requireOwned(tx: Tx, kind: ResourceKind, owner: Owner, ids: readonly string[]): Promise<void> {
  const table = tableOfKind(kind);
  if (table !== undefined) {
    await ownedRows(tx, table, owner, ids);
    return;
  }
  const known = await listOwnIds(tx, kind, owner);
  const missing = ids.filter((id) => !known.includes(id));
  if (missing.length > 0) throw notFound(kind, missing);
}

/** Of kinds whose rows have no owner's column, or two. */
async function listOwnIds(tx: Tx, kind: ResourceKind, owner: Owner): Promise<string[]> {
  if (kind === "securityGroupRule") return [...(await listRulesByGroup(tx, owner)).values()].flat().map((rule) => rule.id);
  return kind === "vpcPeeringConnection" ? listPeeringIds(tx, owner) : [];
}

/** An instance that shows its tags to its guest takes only keys that can be a path there. */
export async function refuseUnfitKeys(tx: Tx, resources: readonly TaggedResource[], tags: readonly Tag[]): Promise<void> {
  const ids = resources.filter((resource) => resource.type === "instance").map((resource) => resource.id);
  if (ids.length === 0) return;
  const rows = await tx.db.selectFrom("instances").select("metadata_options").where("id", "in", ids as never).execute(); // the ids were found before
  for (const row of rows) {
    const options = JSON.parse(row.metadata_options) as MetadataOptions; // written by launch and ModifyInstanceMetadataOptions
    requireTagKeysForMetadata(options, tags.map(({ key }) => key));
  }
}

export async function tagResources(tx: Tx, resources: readonly TaggedResource[], tags: readonly Tag[], now: number): Promise<void> {
  for (const resource of resources) {
    await putTags(tx, resource, tags);
    await wakeTagged(tx, resource, now);
  }
}

/** A tag to take away: with a value only where it has that value. */
export interface Untag {
  readonly key: string;
  readonly value: string | undefined;
}

/** Takes the tags away; all of them when none is named. */
export async function untagResources(tx: Tx, resources: readonly TaggedResource[], untags: readonly Untag[], now: number): Promise<void> {
  for (const resource of resources) {
    const all = tx.db.deleteFrom("tags").where("resource_id", "=", resource.id).where("account", "=", resource.account);
    if (untags.length === 0) await all.execute();
    for (const { key, value } of untags) {
      const ofKey = all.where("key", "=", key);
      await (value === undefined ? ofKey : ofKey.where("value", "=", value)).execute();
    }
    await wakeTagged(tx, resource, now);
  }
}

/** Tags in instance metadata are live. */
async function wakeTagged(tx: Tx, { type, id }: TaggedResource, now: number): Promise<void> {
  if (type === "instance") await wake(tx, { kind: "instance", key: id }, now);
}
