/** What can be changed of an image afterwards: its description, who may launch it, what it asks of metadata, its deprecation, and whether it can be launched at all. */
import { imageNotInState, imageProtected, invalidImageAttributeItem, invalidParameterCombination, invalidParameterValue } from "../base/api-error.ts";
import type { ImageId } from "../base/ids.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import { imageBlockDevices } from "./block-device-mapping.ts";
import { imageOptions } from "./image-options.ts";

/** The group of all accounts. */
const everybody = "all";
/** How long a protection with a cooldown lasts after it was switched off. */
const cooldownMs = 24 * 3_600_000;
const longestDeprecationMs = 10 * 366 * 24 * 3_600_000;

export interface LaunchPermissionChange {
  /** Accounts, and `all`. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Fails when the image cannot be shared so: one that is disabled not at all, one with encrypted snapshots not with everybody. */
export function requireShareable(image: ImageRow, { add }: LaunchPermissionChange): void {
  if (add.length === 0) return;
  if (image.state === "disabled") throw imageNotInState(image.id, image.state, "available");
  if (add.includes(everybody) && imageBlockDevices(image).some((device) => device.encrypted === true)) {
    throw invalidImageAttributeItem("An image with encrypted snapshots cannot be made public.");
  }
}

export async function listLaunchPermissions(tx: Tx, image: ImageRow): Promise<{ readonly accounts: readonly string[]; readonly everybody: boolean }> {
  const rows = await tx.db.selectFrom("image_permissions").select("grantee").where("image_id", "=", idOf(image)).orderBy("grantee").execute();
  return { accounts: rows.map((row) => row.grantee), everybody: image.public === 1 };
}

export async function changeLaunchPermissions(tx: Tx, image: ImageRow, { add, remove }: LaunchPermissionChange): Promise<void> {
  const accounts = [...new Set(add)].filter((grantee) => grantee !== everybody);
  const values = accounts.map((grantee) => ({ image_id: idOf(image), grantee }));
  if (values.length > 0) await tx.db.insertInto("image_permissions").values(values).onConflict((conflict) => conflict.doNothing()).execute();
  if (remove.length > 0) await tx.db.deleteFrom("image_permissions").where("image_id", "=", idOf(image)).where("grantee", "in", remove).execute();
  const isPublic = add.includes(everybody) || (image.public === 1 && !remove.includes(everybody));
  await change(tx, image, { public: isPublic ? 1 : 0 });
}

/** From now on only the owner may launch it. */
export async function resetLaunchPermissions(tx: Tx, image: ImageRow): Promise<void> {
  await tx.db.deleteFrom("image_permissions").where("image_id", "=", idOf(image)).execute();
  await change(tx, image, { public: 0 });
}

export async function setDescription(tx: Tx, image: ImageRow, description: string): Promise<void> {
  await change(tx, image, { description });
}

/** There is no way back: an image that asks for tokens asks for them for ever. */
export async function requireMetadataTokens(tx: Tx, image: ImageRow): Promise<void> {
  await change(tx, image, { launch_options: JSON.stringify({ ...imageOptions(image), imdsSupport: "v2.0" }) });
}

/** When it begins to be hidden from accounts other than its owner's; to the minute, and not earlier than now. */
export function requireDeprecationTime(at: Date, now: number): number {
  const time = at.getTime();
  if (Number.isNaN(time)) throw invalidParameterValue("The deprecation time is no time.");
  if (time < now) throw invalidParameterValue("The deprecation time must be in the future.");
  if (time > now + longestDeprecationMs) throw invalidParameterValue("The deprecation time must be within 10 years.");
  return Math.floor(time / 60_000) * 60_000;
}

export async function setDeprecation(tx: Tx, image: ImageRow, at: number | null): Promise<void> {
  await change(tx, image, { deprecated_at: at });
}

/** Nobody can launch it until it is enabled again, and nobody but its owner sees it (facts §4.9). */
export async function disableImage(tx: Tx, image: ImageRow): Promise<void> {
  await resetLaunchPermissions(tx, image);
  await change(tx, image, { state: "disabled" });
}

export async function enableImage(tx: Tx, image: ImageRow): Promise<void> {
  await change(tx, image, { state: "available" });
}

export async function protectImage(tx: Tx, image: ImageRow, withCooldown: boolean): Promise<void> {
  await change(tx, image, { deregistration_protection: withCooldown ? "enabled-with-cooldown" : "enabled", protected_until: null });
}

export async function unprotectImage(tx: Tx, image: ImageRow, now: number): Promise<void> {
  const cools = image.deregistration_protection === "enabled-with-cooldown";
  await change(tx, image, { deregistration_protection: "disabled", ...(cools ? { protected_until: now + cooldownMs } : {}) });
}

export function requireUnprotected(image: ImageRow, now: number): void {
  if (image.deregistration_protection !== "disabled" || (image.protected_until !== null && now < image.protected_until)) throw imageProtected(image.id);
}

export function requireImageState(image: ImageRow, wanted: ImageRow["state"]): void {
  if (image.state !== wanted) throw imageNotInState(image.id, image.state, wanted);
}

/** Fails when the request changes nothing, or more than one attribute. */
export function requireOne<T>(changes: readonly (T | undefined)[]): T {
  const [first, ...more] = changes.filter((each) => each !== undefined);
  if (first === undefined) throw invalidParameterCombination("No attributes specified.");
  if (more.length > 0) throw invalidParameterCombination("Fields for multiple attribute types specified.");
  return first;
}

async function change(tx: Tx, image: ImageRow, columns: Partial<ImageRow>): Promise<void> {
  await tx.db.updateTable("images").set(columns).where("id", "=", image.id).execute();
}

function idOf(image: ImageRow): ImageId {
  return image.id as ImageId; // machine images only
}
