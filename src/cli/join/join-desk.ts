/**
 * Makes join tokens and admits machines that have one: each token for one machine, within its time. A machine that has missed the answer asks again with the
 * same token and the same key, and has the same answer. Nothing of a refused request is kept.
 */
import { createHash, createPublicKey } from "node:crypto";
import { formatIpv4, parseCidr, parseIpv4, cidrSize } from "../../base/ipv4.ts";
import { syncRooms } from "../../placement/sync-rooms.ts";
import type { JoinRequest } from "../../host/protocol/joining.ts";
import type { Tx } from "../../store/store.ts";
import type { HostRow, JoinTokenRow } from "../../store/tables.ts";
import { capacityOf } from "../build-topology.ts";
import { digestOf } from "./join-token.ts";

export class JoinRefusedError extends Error {
  override readonly name = "JoinRefusedError";
  readonly remedy: string;
  constructor(message: string, remedy = "Make another token on the control plane's machine: ./hostelry host token --zone ZONE") {
    super(message);
    this.remedy = remedy;
  }
}

export interface NewToken {
  readonly secret: Uint8Array;
  readonly zone: string;
  /** The host that its bearer becomes; absent: a new one. */
  readonly host?: string;
  readonly now: number;
  readonly lifeMs: number;
}

/** Fails with a `JoinRefusedError` for a zone, or a host in it, that the installation does not have. */
export async function recordToken(tx: Tx, { secret, zone, host, now, lifeMs }: NewToken): Promise<void> {
  const places = await tx.db.selectFrom("hosts").select(["id", "role"]).where("zone", "=", zone).execute();
  if (places.length === 0) throw new JoinRefusedError(`There is no zone ${zone} in this installation.`, "./hostelry host list shows the zones.");
  if (host !== undefined && !places.some(({ id, role }) => id === host && role === "host")) {
    throw new JoinRefusedError(`There is no host ${host} in ${zone}.`, "./hostelry host list shows the hosts.");
  }
  await tx.db.deleteFrom("join_tokens").where("expires_at", "<", now - keptMs).execute();
  const row: JoinTokenRow = { digest: digestOf(secret), zone, host_id: host ?? null, created_at: now, expires_at: now + lifeMs, used_at: null, public_key: null };
  await tx.db.insertInto("join_tokens").values(row).execute();
}

/** So long a token that is over can still be told from one that never was. */
const keptMs = 30 * 24 * 3600_000;

export interface JoinPlace {
  /** Blocks of the underlay network, and the machine's size, as the topology divides it. */
  readonly underlay: string;
  readonly now: number;
}

/** The host that the machine is from now on. Fails with a `JoinRefusedError`. */
export async function admit(tx: Tx, request: JoinRequest, { underlay, now }: JoinPlace): Promise<Pick<HostRow, "id" | "zone" | "underlay_address">> {
  const publicKey = keyDigest(request.publicKey);
  const token = await tx.db.selectFrom("join_tokens").selectAll().where("digest", "=", digestOf(Buffer.from(request.secret, "base64url"))).executeTakeFirst();
  if (token === undefined) throw new JoinRefusedError("The token is none of this installation's.");
  if (token.used_at !== null && token.public_key !== publicKey) throw new JoinRefusedError(`The token was used already: it made another machine the host ${token.host_id}.`);
  if (token.used_at === null && token.expires_at <= now) throw new JoinRefusedError(`The token expired at ${new Date(token.expires_at).toISOString()}.`);
  const host = token.host_id === null ? await addHost(tx, token.zone, request, { underlay, now }) : await requireHost(tx, token.host_id);
  if (token.used_at === null) {
    await tx.db.updateTable("join_tokens").set({ used_at: now, public_key: publicKey, host_id: host.id }).where("digest", "=", token.digest).execute();
    await tx.db.deleteFrom("joined_hosts").where("host_id", "=", host.id).execute(); // the machine that this host was before
    await tx.db.insertInto("joined_hosts").values({ host_id: host.id, public_key: publicKey, joined_at: now }).execute();
  }
  return host;
}

/** Whether an agent with a certificate for this public key speaks for the host. */
export async function isJoined(tx: Tx, host: string, publicKey: string): Promise<boolean> {
  const row = await tx.db.selectFrom("joined_hosts").select("public_key").where("host_id", "=", host).executeTakeFirst();
  return row?.public_key === publicKey;
}

/** SHA-256 of a public key (SPKI, PEM). Fails for what is no such key. */
export function keyDigest(publicKey: string): string {
  return createHash("sha256").update(createPublicKey(publicKey).export({ format: "der", type: "spki" })).digest("hex");
}

async function requireHost(tx: Tx, id: string): Promise<HostRow> {
  const row = await tx.db.selectFrom("hosts").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new JoinRefusedError(`The host ${id} was taken away.`);
  return row;
}

async function addHost(tx: Tx, zone: string, { machine }: JoinRequest, { underlay, now }: JoinPlace): Promise<HostRow> {
  const all = await tx.db.selectFrom("hosts").select(["id", "zone", "region", "underlay_address"]).execute();
  const neighbour = all.find((host) => host.zone === zone);
  if (neighbour === undefined) throw new JoinRefusedError(`The zone ${zone} was taken away.`);
  const row: HostRow = {
    id: freeId(zone, all.map(({ id }) => id)),
    role: "host",
    region: neighbour.region,
    zone,
    underlay_address: freeAddress(underlay, all.map((host) => host.underlay_address)),
    ...capacityOf({ cpus: machine.cpus, memoryMib: machine.memoryMib }),
    ...{ created_at: now, incarnation: 0, description: null, heard_at: null, failed_at: null, draining: 0 },
  };
  await tx.db.insertInto("hosts").values(row).execute();
  await syncRooms(tx, row.id);
  return row;
}

/** `aj1` in us-east-1a: not what a larger topology would call its own. */
function freeId(zone: string, taken: readonly string[]): string {
  for (let number = 1; ; number += 1) {
    const id = `${zone.slice(-1)}j${number}`;
    if (!taken.includes(id)) return id;
  }
}

/** From the block's end: the topology's addresses begin at its start. */
function freeAddress(underlay: string, taken: readonly string[]): string {
  const block = parseCidr(underlay);
  if (block === undefined) throw new Error(`${underlay} is no CIDR block`);
  const used = new Set(taken.map(parseIpv4));
  for (let address = block.base + cidrSize(block) - 2; address > block.base + 1; address -= 1) if (!used.has(address)) return formatIpv4(address);
  throw new JoinRefusedError("The underlay network has no free address.", "Take away hosts that are needed no more.");
}

/** Whether a machine may join, or has. */
export async function isAnybodyExpected(tx: Tx, now: number): Promise<boolean> {
  const token = await tx.db.selectFrom("join_tokens").select("digest").where("used_at", "is", null).where("expires_at", ">", now).executeTakeFirst();
  return token !== undefined || (await tx.db.selectFrom("joined_hosts").select("host_id").executeTakeFirst()) !== undefined;
}
