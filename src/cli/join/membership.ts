/**
 * DATA/joined.json and DATA/host.key: that this machine is a host of a data centre that runs elsewhere, which, and how to prove it. The key is made before the
 * machine asks, so that one that dies before it has the answer asks again as the same machine.
 */
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { diskFiles } from "../../host/agent/durable-files.ts";
import type { Admission } from "../../host/protocol/joining.ts";
import { CommandError } from "../command-error.ts";

export interface Membership extends Omit<Admission, "identity"> {
  /** Of the control plane's door for hosts. */
  readonly url: string;
  /** The certificate of the installation's authority, PEM. */
  readonly authority: string;
  readonly runDirectory: string;
  /** The network device that is the host's way to the underlay network. */
  readonly device: string;
  /** The largest packets that the way to the underlay network has room for; absent: what the device carries. */
  readonly mtu?: number;
  /** Network devices of cards whose virtual functions guests may have; absent: none. */
  readonly cards?: readonly string[];
  /** PCI addresses of the machine's accelerators that guests may have; absent: none. */
  readonly accelerators?: readonly string[];
}

const membershipFile = (dataDirectory: string) => join(dataDirectory, "joined.json");
const keyFile = (dataDirectory: string) => join(dataDirectory, "host.key");

export function findMembership(dataDirectory: string): Membership | undefined {
  const file = membershipFile(dataDirectory);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Membership; // written below, as a whole
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new CommandError(`${file} cannot be read.`, { cause, remedy: "Run the command as root; or join again with another --data DIR." });
  }
}

/** Also puts the files there that identity documents are signed with, unless they are there already. */
export async function writeMembership(dataDirectory: string, membership: Membership, identity: Admission["identity"] = {}): Promise<void> {
  for (const [name, text] of Object.entries(identity)) await diskFiles.write(join(dataDirectory, "identity", name), text);
  await diskFiles.write(membershipFile(dataDirectory), JSON.stringify(membership, undefined, 2));
}

/** Also all that the agent remembers of the host. What runs there has ended. */
export async function dropMembership(dataDirectory: string, { host }: Membership): Promise<void> {
  await rm(join(dataDirectory, "hosts", host), { recursive: true, force: true });
  await diskFiles.remove(membershipFile(dataDirectory));
}

export function readHostKey(dataDirectory: string): string {
  return readFileSync(keyFile(dataDirectory), "utf8");
}

/** PEM (PKCS#8); made at the first call. */
export async function ensureHostKey(dataDirectory: string): Promise<string> {
  const found = await diskFiles.read(keyFile(dataDirectory));
  if (found !== undefined) return found;
  const key = String(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "pem", type: "pkcs8" }));
  await diskFiles.write(keyFile(dataDirectory), key);
  return key;
}
