/**
 * Keys that EC2 Instance Connect pushes: whose they may be, where they wait for their minute, and that nothing of them is left behind it
 * (facts §9.1). The host ends a key to the millisecond; the instance's reconciler forgets it then.
 */
import { connectArguments, connectInstanceNotFound, connectInstanceState, connectInstanceUnavailable, isApiError } from "../../base/api-error.ts";
import { isId, type InstanceId } from "../../base/ids.ts";
import type { ConnectSignature, ConnectSpecification } from "../../host/protocol/metadata.ts";
import type { ConnectKeyRow, InstanceRow, SerialKeyRow } from "../../store/compute-tables.ts";
import { wake } from "../../store/due.ts";
import { isEmptyTable, prepareKept } from "../../store/prepared.ts";
import type { Tx } from "../../store/store.ts";
import { toInstanceState } from "../instance-state.ts";
import type { Owner } from "../owned-rows.ts";
import { parsePublicKey, toOpenSshLine } from "../public-key.ts";

export const keyLifetimeMs = 60_000;

/** A user's name as the service takes it. */
export function requireUserName(name: string | undefined): string {
  if (name === undefined || !/^[A-Za-z0-9_][A-Za-z0-9@._-]{0,30}$/.test(name)) throw connectArguments("The instance OS user name is not valid.");
  return name;
}

export function requireInstanceId(id: string | undefined): InstanceId {
  if (id === undefined || !isId("instance", id)) throw connectArguments("The instance ID is not valid.");
  return id;
}

const rsaBits = new Set([2048, 4096]);

/** `ssh-ed25519 AAAA…`, without the comment. RSA of 2048 or 4096 bits and ed25519 only. */
export function requirePublicKey(material: string | undefined): string {
  const text = material?.trim() ?? "";
  if (!/^(ssh-|---- BEGIN SSH2 PUBLIC KEY ----)/.test(text)) throw malformedKey();
  try {
    const parsed = parsePublicKey(Buffer.from(text));
    if (parsed.type === "rsa" && !rsaBits.has(parsed.key.asymmetricKeyDetails?.modulusLength ?? 0)) throw malformedKey();
    return toOpenSshLine(parsed, "").trimEnd();
  } catch (thrown) {
    throw isApiError(thrown) ? malformedKey() : thrown;
  }
}

function malformedKey(): Error {
  return connectArguments("The SSH public key must be one RSA key of 2048 or 4096 bits, or one ED25519 key, in OpenSSH or SSH2 form.");
}

/** The caller's instance when a key can be pushed for it now. */
export async function requireReachable(tx: Tx, owner: Owner, id: InstanceId, states: readonly string[]): Promise<InstanceRow> {
  const instance = await tx.db.selectFrom("instances").selectAll().where("id", "=", id).where("account", "=", owner.account).where("region", "=", owner.region).executeTakeFirst();
  if (instance === undefined) throw connectInstanceNotFound(id);
  const state = toInstanceState(instance);
  if (!states.includes(state)) throw connectInstanceState(id, state);
  const host = await tx.db.selectFrom("hosts").select("failed_at").where("id", "=", instance.host_id ?? "").executeTakeFirst();
  if (host === undefined || host.failed_at !== null) throw connectInstanceUnavailable(id);
  return instance;
}

/** Brings it on its way to the guest. */
export async function pushKey(tx: Tx, key: ConnectKeyRow, now: number): Promise<void> {
  await tx.db.insertInto("connect_keys").values(key).execute();
  await wake(tx, { kind: "instance", key: key.instance_id }, now);
}

/** It stays where the console's door finds it. */
export async function pushSerialKey(tx: Tx, key: SerialKeyRow, now: number): Promise<void> {
  await tx.db.insertInto("serial_keys").values(key).execute();
  await wake(tx, { kind: "instance", key: key.instance_id }, now);
}

/** The host of the instance has confirmed that it has the key; also when the key is over. */
export async function hasArrived(tx: Tx, requestId: string): Promise<boolean> {
  const key = await tx.db
    .selectFrom("connect_keys")
    .innerJoin("instances", "instances.id", "connect_keys.instance_id")
    .leftJoin("specifications", (join) => join.onRef("specifications.host_id", "=", "instances.host_id").onRef("specifications.id", "=", "instances.id").on("specifications.kind", "=", "machine"))
    .select(["instances.observed_generation", "specifications.generation", "specifications.body"])
    .where("connect_keys.request_id", "=", requestId)
    .executeTakeFirst();
  if (key === undefined) return true;
  return key.generation !== null && key.observed_generation >= key.generation && key.body?.includes(requestId) === true;
}

const selectKeys = prepareKept((db, { id }: Pick<InstanceRow, "id">) => db.selectFrom("connect_keys").selectAll().where("instance_id", "=", id).orderBy("expires_at"));
const selectSerialKeys = prepareKept((db, { id }: Pick<InstanceRow, "id">) => db.selectFrom("serial_keys").selectAll().where("instance_id", "=", id).orderBy("expires_at"));

/** What the instance's specification says of its keys. */
export async function toConnectField(tx: Tx, instance: Pick<InstanceRow, "id">): Promise<{ readonly connect?: ConnectSpecification }> {
  const rows = (await isEmptyTable(tx, "connect_keys")) ? [] : await selectKeys(tx, instance);
  const newest = rows.at(-1);
  if (newest === undefined) return {};
  const keys = rows.map(({ os_user: user, block, expires_at: expiresAt }) => ({ user, block, expiresAt }));
  return { connect: { ...(JSON.parse(newest.signature) as ConnectSignature), keys } }; // written by SendSSHPublicKey
}

/** Forgets what is over. Returns when the next key will be. */
export async function forgetEndedKeys(tx: Tx, instance: Pick<InstanceRow, "id">, now: number): Promise<number | undefined> {
  if ((await isEmptyTable(tx, "connect_keys")) && (await isEmptyTable(tx, "serial_keys"))) return undefined;
  const [keys, serialKeys] = [await selectKeys(tx, instance), await selectSerialKeys(tx, instance)];
  const all = [...keys, ...serialKeys];
  if (all.some((key) => key.expires_at <= now)) {
    for (const table of ["connect_keys", "serial_keys"] as const) await tx.db.deleteFrom(table).where("instance_id", "=", instance.id).where("expires_at", "<=", now).execute();
  }
  const left = all.map((key) => key.expires_at).filter((end) => end > now);
  return left.length === 0 ? undefined : Math.min(...left);
}
