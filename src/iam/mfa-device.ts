/** Virtual devices for multi-factor authentication: an account's, and once somebody has shown two of its codes, a user's or the root's. Seeds are kept sealed. */
import { deleteConflict, entityAlreadyExists, identityLimitExceeded, invalidAuthenticationCode, noSuchEntity } from "../base/api-error.ts";
import type { Random } from "../base/random.ts";
import type { MfaDeviceRow } from "../store/identity-tables.ts";
import { insertRow } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";
import type { PersonKey } from "./person.ts";
import { seal, unseal, type SecretKey } from "./secret.ts";
import { findStep, toBase32 } from "./totp.ts";

/** Of SHA-1's length, as RFC 4226 asks for. */
const seedBytes = 20;
const devicesPerUser = 8;

export function mfaSerial(account: string, path: string, name: string): string {
  return `arn:aws:iam::${account}:mfa${path}${name}`;
}

/** The device and its seed in base 32, which is shown now and never again. */
export async function createMfaDevice(tx: Tx, secretKey: SecretKey, account: string, serial: string, random: Random, now: number): Promise<{ readonly row: MfaDeviceRow; readonly seed: string }> {
  if ((await findMfaDevice(tx, account, serial)) !== undefined) throw entityAlreadyExists("MFADevice entity at the same path and name already exists.");
  const seed = random.bytes(seedBytes);
  const row: MfaDeviceRow = { serial, account, user_id: null, seed: seal(secretKey, purposeOf(serial), Buffer.from(seed).toString("base64"), random), enabled_at: null, last_step: 0, created_at: now };
  await insertRow(tx, "mfa_devices", row);
  return { row, seed: toBase32(seed) };
}

export async function findMfaDevice(tx: Tx, account: string, serial: string): Promise<MfaDeviceRow | undefined> {
  return tx.db.selectFrom("mfa_devices").selectAll().where("serial", "=", serial).where("account", "=", account).executeTakeFirst();
}

export async function requireMfaDevice(tx: Tx, account: string, serial: string): Promise<MfaDeviceRow> {
  const row = await findMfaDevice(tx, account, serial);
  if (row === undefined) throw noSuchEntity(`VirtualMFADevice with serial number ${serial} doesn't exist.`);
  return row;
}

/** In order of their serial numbers; of an account also those that are nobody's. */
export async function listMfaDevices(tx: Tx, { account, userId }: { readonly account: string; readonly userId?: string }): Promise<MfaDeviceRow[]> {
  const all = tx.db.selectFrom("mfa_devices").selectAll().where("account", "=", account).orderBy("serial");
  return (userId === undefined ? all : all.where("user_id", "=", userId)).execute();
}

/** The person's from now on, as two codes one after the other show. */
export async function enableMfaDevice(tx: Tx, secretKey: SecretKey, row: MfaDeviceRow, person: PersonKey, codes: readonly [string, string], now: number): Promise<void> {
  if (row.user_id !== null) throw entityAlreadyExists("MFA Device is already in use.");
  if ((await listMfaDevices(tx, person)).length >= devicesPerUser) throw identityLimitExceeded(`Cannot exceed quota for MFADevicesPerUser: ${devicesPerUser}`);
  await tx.db.updateTable("mfa_devices").set({ user_id: person.userId, enabled_at: now, last_step: requireTwoCodes(secretKey, row, codes, now) }).where("serial", "=", row.serial).execute();
}

export async function resyncMfaDevice(tx: Tx, secretKey: SecretKey, row: MfaDeviceRow, codes: readonly [string, string], now: number): Promise<void> {
  await tx.db.updateTable("mfa_devices").set({ last_step: requireTwoCodes(secretKey, row, codes, now) }).where("serial", "=", row.serial).execute();
}

export async function deactivateMfaDevice(tx: Tx, row: MfaDeviceRow): Promise<void> {
  await tx.db.updateTable("mfa_devices").set({ user_id: null, enabled_at: null }).where("serial", "=", row.serial).execute();
}

export async function deleteMfaDevice(tx: Tx, row: MfaDeviceRow): Promise<void> {
  if (row.user_id !== null) throw deleteConflict("MFA VirtualDevice in use. Must deactivate first.");
  await tx.db.deleteFrom("mfa_devices").where("serial", "=", row.serial).execute();
}

/** A code that is right, and was not used before. */
export interface ShownCode {
  readonly serial: string;
  readonly step: number;
}

/** The code as one of the devices'; undefined for one that is none of theirs, or was used. */
export function findShownCode(secretKey: SecretKey, devices: readonly MfaDeviceRow[], code: string, now: number): ShownCode | undefined {
  for (const row of devices) {
    const step = findStep(openSeed(secretKey, row), code, now, row.last_step);
    if (step !== undefined) return { serial: row.serial, step };
  }
  return undefined;
}

/** It is good no more, and none before it. */
export async function spendCode(tx: Tx, { serial, step }: ShownCode): Promise<void> {
  await tx.db.updateTable("mfa_devices").set({ last_step: step }).where("serial", "=", serial).execute();
}

/** The step of the second code. */
function requireTwoCodes(secretKey: SecretKey, row: MfaDeviceRow, [first, second]: readonly [string, string], now: number): number {
  const seed = openSeed(secretKey, row);
  const began = findStep(seed, first, now, row.last_step);
  const ended = began === undefined ? undefined : findStep(seed, second, now, began);
  if (began === undefined || ended !== began + 1) throw invalidAuthenticationCode("Authentication code for device is not valid.");
  return ended;
}

function openSeed(secretKey: SecretKey, { serial, seed }: MfaDeviceRow): Uint8Array {
  const opened = unseal(secretKey, purposeOf(serial), seed);
  if (opened === undefined) throw new Error(`the seed of ${serial} cannot be opened with this installation's key`);
  return Buffer.from(opened, "base64");
}

function purposeOf(serial: string): string {
  return `mfa ${serial}`;
}
