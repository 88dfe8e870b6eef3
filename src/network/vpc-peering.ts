/**
 * VPC peering connections as rows (facts §7.11): one VPC asks another, of the same owner or not, in the same region or not, and the other's owner answers.
 * What cannot come to be is found at once and shown as the failure that EC2 shows later. Ended connections are seen for some time, then forgotten.
 */
import { hasDependencies, invalidPeeringTransition, limitExceeded, malformedId, notFound, notTheirPeering, peeringExists, wrongPeeringRegion } from "../base/api-error.ts";
import { isId, newId, type VpcId } from "../base/ids.ts";
import { cidrsOverlap } from "../base/ipv4.ts";
import type { Random } from "../base/random.ts";
import type { VpcPeeringRow, VpcRow } from "../store/network-tables.ts";
import type { Tx } from "../store/store.ts";
import { blockOf } from "./cidr-block.ts";
import { listPeers } from "./peers.ts";
import { listVpcCidrs } from "./vpc-cidrs.ts";
import { touchVpc } from "./vpc-specification.ts";
import type { NetworkOwner } from "./vpc.ts";

export type PeeringState = VpcPeeringRow["state"] | "expired";

const hourMs = 3_600_000;
const expiryMs = 7 * 24 * hourMs;
const activeLimit = 50;
const pendingLimit = 25;
/** How long one that ended is seen. */
const shownMs = { failed: 2 * hourMs, deleted: 2 * hourMs, rejected: 48 * hourMs, expired: 48 * hourMs } as const;

/** When a request that nobody answers ends. */
export function expiresAt({ created_at: createdAt }: Pick<VpcPeeringRow, "created_at">): number {
  return createdAt + expiryMs;
}

export function toPeeringState(row: Pick<VpcPeeringRow, "state" | "created_at">, now: number): PeeringState {
  return row.state === "pending-acceptance" && now >= expiresAt(row) ? "expired" : row.state;
}

function isRequester(row: VpcPeeringRow, { account, region }: NetworkOwner): boolean {
  return row.requester_account === account && row.requester_region === region;
}

function isAccepter(row: VpcPeeringRow, { account, region }: NetworkOwner): boolean {
  return row.accepter_account === account && row.accepter_region === region;
}

function isShownTo(row: VpcPeeringRow, owner: NetworkOwner, now: number): boolean {
  const state = toPeeringState(row, now);
  const mine = isRequester(row, owner) || (isAccepter(row, owner) && state !== "failed");
  if (!mine || state === "active" || state === "pending-acceptance") return mine;
  return now < (row.ended_at ?? expiresAt(row)) + shownMs[state];
}

/** The connections that the owner sees in the region, whichever side is theirs. */
export async function listPeerings(tx: Tx, owner: NetworkOwner, now: number): Promise<VpcPeeringRow[]> {
  return (await selectOf(tx, owner)).filter((row) => isShownTo(row, owner, now));
}

/** Of all connections of either side, those that are no longer shown too. */
export async function listPeeringIds(tx: Tx, owner: NetworkOwner): Promise<string[]> {
  return (await selectOf(tx, owner)).filter((row) => isRequester(row, owner) || isAccepter(row, owner)).map(({ id }) => id);
}

function selectOf(tx: Tx, { account }: NetworkOwner): Promise<VpcPeeringRow[]> {
  return tx.db
    .selectFrom("vpc_peering_connections")
    .selectAll()
    .where(({ eb, or }) => or([eb("requester_account", "=", account), eb("accepter_account", "=", account)]))
    .execute();
}

/** Fails for one that the owner does not see. */
export async function requirePeering(tx: Tx, owner: NetworkOwner, id: string, now: number): Promise<VpcPeeringRow> {
  if (!isId("vpcPeeringConnection", id)) throw malformedId("vpcPeeringConnection", id);
  const row = (await listPeerings(tx, owner, now)).find((each) => each.id === id);
  if (row === undefined) throw notFound("vpcPeeringConnection", id);
  return row;
}

/** Whoever answers a request is its accepter, and says so in the accepter's region. */
export function requireAccepter(row: VpcPeeringRow, { account, region }: NetworkOwner, verb: "accept" | "reject"): void {
  if (row.accepter_account !== account) throw notTheirPeering(account, verb, row.id);
  if (row.accepter_region !== region) throw wrongPeeringRegion(row.id, region, row.accepter_region);
}

export interface PeeringPlan {
  readonly vpc: VpcRow;
  readonly accepter: NetworkOwner & { readonly vpcId: VpcId };
}

/** Fails where the VPCs are peered already, or the one has as many peers or open requests as it may. */
export async function requireNewPeering(tx: Tx, { vpc, accepter }: PeeringPlan, now: number): Promise<void> {
  const live = (await listPeeringsOf(tx, vpc.id)).filter((row) => isLive(row, now));
  if (live.some((row) => [row.requester_vpc_id, row.accepter_vpc_id].every((id) => id === vpc.id || id === accepter.vpcId))) throw peeringExists(vpc.id, accepter.vpcId);
  if (live.filter((row) => row.state === "active").length >= activeLimit) throw limitExceeded("VpcPeeringConnectionsPerVpcLimitExceeded", `The maximum number of VPC peering connections of ${vpc.id} has been reached: ${activeLimit}.`);
  const open = live.filter((row) => row.state === "pending-acceptance" && row.requester_vpc_id === vpc.id);
  if (open.length >= pendingLimit) throw limitExceeded("PendingVpcPeeringConnectionLimitExceeded", "The maximum number of pending VPC peering connections has been reached.");
}

function listPeeringsOf(tx: Tx, vpcId: VpcId): Promise<VpcPeeringRow[]> {
  return tx.db
    .selectFrom("vpc_peering_connections")
    .selectAll()
    .where(({ eb, or }) => or([eb("requester_vpc_id", "=", vpcId), eb("accepter_vpc_id", "=", vpcId)]))
    .execute();
}

function isLive(row: VpcPeeringRow, now: number): boolean {
  const state = toPeeringState(row, now);
  return state === "active" || state === "pending-acceptance";
}

export async function createPeering(tx: Tx, { vpc, accepter }: PeeringPlan, random: Random, now: number): Promise<VpcPeeringRow> {
  await forgetEnded(tx, now);
  const canBe = await canPeer(tx, vpc, accepter);
  const row: VpcPeeringRow = {
    id: newId("vpcPeeringConnection", random),
    requester_account: vpc.account,
    requester_region: vpc.region,
    requester_vpc_id: vpc.id,
    accepter_account: accepter.account,
    accepter_region: accepter.region,
    accepter_vpc_id: accepter.vpcId,
    state: canBe ? "pending-acceptance" : "failed",
    requester_dns: 0,
    accepter_dns: 0,
    created_at: now,
    ended_at: canBe ? null : now,
  };
  await tx.db.insertInto("vpc_peering_connections").values(row).execute();
  return row;
}

/** Whether the accepter has such a VPC, and neither has an address of the other. */
async function canPeer(tx: Tx, vpc: VpcRow, { account, region, vpcId }: PeeringPlan["accepter"]): Promise<boolean> {
  const other = await tx.db.selectFrom("vpcs").selectAll().where("id", "=", vpcId).where("account", "=", account).where("region", "=", region).executeTakeFirst();
  if (other === undefined || other.id === vpc.id) return false;
  const [mine, theirs] = [await listVpcCidrs(tx, vpc), await listVpcCidrs(tx, other)];
  return !mine.some((one) => theirs.some((another) => cidrsOverlap(blockOf(one), blockOf(another))));
}

/** A VPC may have changed since the request was made: then the connection fails now. */
export async function acceptPeering(tx: Tx, row: VpcPeeringRow, now: number): Promise<VpcPeeringRow> {
  for (const id of [row.requester_vpc_id, row.accepter_vpc_id]) {
    if ((await listPeers(tx, id)).length >= activeLimit) throw limitExceeded("ActiveVpcPeeringConnectionPerVpcLimitExceeded", `The maximum number of active VPC peering connections of ${id} has been reached.`);
  }
  const vpc = await tx.db.selectFrom("vpcs").selectAll().where("id", "=", row.requester_vpc_id).executeTakeFirst();
  if (vpc === undefined) throw notFound("vpc", row.requester_vpc_id);
  const accepter = { account: row.accepter_account, region: row.accepter_region, vpcId: row.accepter_vpc_id };
  return (await canPeer(tx, vpc, accepter)) ? setState(tx, row, "active", null, now) : setState(tx, row, "failed", now, now);
}

export async function rejectPeering(tx: Tx, row: VpcPeeringRow, now: number): Promise<void> {
  await setState(tx, row, "rejected", now, now);
}

export function requirePending(row: VpcPeeringRow, wanted: "active" | "rejected", now: number): void {
  const state = toPeeringState(row, now);
  if (state !== "pending-acceptance") throw invalidPeeringTransition(row.id, state, wanted);
}

/** A request is its requester's to take back; what has ended stays as it is. */
export function requireDeletable(row: VpcPeeringRow, { account }: NetworkOwner, now: number): void {
  const state = toPeeringState(row, now);
  if (!isLive(row, now)) throw invalidPeeringTransition(row.id, state, "deleted");
  if (state === "pending-acceptance" && row.requester_account !== account) throw notTheirPeering(account, "delete", row.id);
}

/** Routes to it lead nowhere from now on, and rules that name groups behind it are stale. */
export async function deletePeering(tx: Tx, row: VpcPeeringRow, now: number): Promise<void> {
  await setState(tx, row, "deleted", now, now);
}

async function setState(tx: Tx, row: VpcPeeringRow, state: VpcPeeringRow["state"], endedAt: number | null, now: number): Promise<VpcPeeringRow> {
  await tx.db.updateTable("vpc_peering_connections").set({ state, ended_at: endedAt }).where("id", "=", row.id).execute();
  for (const id of [row.requester_vpc_id, row.accepter_vpc_id]) await touchVpc(tx, id, now);
  return { ...row, state, ended_at: endedAt };
}

/** Fails while somebody else's request for the VPC is unanswered. */
export async function requireNoForeignRequest(tx: Tx, vpc: VpcRow, now: number): Promise<void> {
  const waiting = (await listPeeringsOf(tx, vpc.id)).filter((row) => row.accepter_vpc_id === vpc.id && row.requester_account !== vpc.account);
  if (waiting.some((row) => toPeeringState(row, now) === "pending-acceptance")) throw hasDependencies("vpc", vpc.id);
}

/** Ends all connections of a VPC that goes. */
export async function endPeeringsOf(tx: Tx, vpcId: VpcId, now: number): Promise<void> {
  for (const row of await listPeeringsOf(tx, vpcId)) if (isLive(row, now)) await setState(tx, row, "deleted", now, now);
}

/** Takes away the rows that nobody sees any more. */
async function forgetEnded(tx: Tx, now: number): Promise<void> {
  const ended = await tx.db.selectFrom("vpc_peering_connections").select("id").where("ended_at", "<", now - shownMs.rejected).execute();
  const unanswered = tx.db.selectFrom("vpc_peering_connections").select("id").where("state", "=", "pending-acceptance").where("created_at", "<", now - expiryMs - shownMs.expired);
  const ids = [...ended, ...(await unanswered.execute())].map(({ id }) => id);
  if (ids.length === 0) return;
  await tx.db.deleteFrom("vpc_peering_connections").where("id", "in", ids).execute();
  await tx.db.deleteFrom("tags").where("resource_id", "in", ids).execute();
}

export async function setDnsOptions(tx: Tx, { id }: VpcPeeringRow, options: Partial<Pick<VpcPeeringRow, "requester_dns" | "accepter_dns">>): Promise<void> {
  await tx.db.updateTable("vpc_peering_connections").set(options).where("id", "=", id).execute();
}
