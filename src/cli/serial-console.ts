/** The serial console's SSH endpoint in the control plane's process: with one host key for the installation's life, at one port as long as that is free. */
import { readFileSync } from "node:fs";
import ssh2 from "ssh2";
import { openSerialDoor, type SerialDoor, type SerialDoorParts } from "../api/connect/serial-door.ts";
import type { Random } from "../base/random.ts";
import { createKeyPairMaterial } from "../compute/key-pair-material.ts";
import { seal, unseal, type SecretKey } from "../iam/secret.ts";
import type { Tx } from "../store/store.ts";
import { profileFile, type Profile } from "./profile.ts";

export type SerialConsoleParts = Omit<SerialDoorParts, "hostKey"> & { readonly random: Random; readonly dataDirectory: string };

export async function openSerialConsole({ random, dataDirectory, ...parts }: SerialConsoleParts): Promise<SerialDoor> {
  const hostKey = await parts.store.write((tx) => ensureHostKey(tx, parts.secretKey, random));
  const door = (port: number) => openSerialDoor({ ...parts, hostKey }, port);
  const earlier = readEarlierPort(dataDirectory);
  return earlier === undefined ? door(0) : door(earlier).catch(() => door(0)); // somebody else has it now
}

const [setting, purpose] = ["serial_host_key", "host key of the serial console"];

/** Kept, and made anew where it cannot be read: of the keys that ssh2 makes, which an earlier version took, that is one in some hundred. */
export async function ensureHostKey(tx: Tx, secretKey: SecretKey, random: Random): Promise<string> {
  const row = await tx.db.selectFrom("settings").select("value").where("name", "=", setting).executeTakeFirst();
  const known = row === undefined ? undefined : unseal(secretKey, purpose, row.value);
  if (row !== undefined && known === undefined) throw new Error("the host key of the serial console cannot be opened with this installation's key");
  if (known !== undefined && !(ssh2.utils.parseKey(known) instanceof Error)) return known;
  const { keyMaterial: made } = await createKeyPairMaterial("", "ed25519", "pem", random);
  const value = seal(secretKey, purpose, made, random);
  await tx.db.insertInto("settings").values({ name: setting, value }).onConflict((conflict) => conflict.column("name").doUpdateSet({ value })).execute();
  return made;
}

function readEarlierPort(dataDirectory: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(profileFile(dataDirectory), "utf8")) as Partial<Profile>).serialConsolePort; // our own, perhaps an earlier version's
  } catch {
    return undefined;
  }
}
