/**
 * Where other machines reach the control plane, on its underlay address. It is closed until there is a token or a host that could come by it: an installation
 * of one machine has no open port.
 */
import { readdir, readFile } from "node:fs/promises";
import type { Server } from "node:https";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { openIdentitySigner } from "../../host/metadata/identity-signer.ts";
import { joinPort, type Admission } from "../../host/protocol/joining.ts";
import type { SecretKey } from "../../iam/secret.ts";
import type { HostDesk } from "../../reconcile/hosts/host-desk.ts";
import type { Store } from "../../store/store.ts";
import { ensureCertificateAuthority, type CertificateAuthority } from "../certificate-authority.ts";
import { listenWhenThere } from "../listen-when-there.ts";
import { entranceAddress, entranceUrl } from "./entrance-address.ts";
import { openHostDoor, type HostDoorParts } from "./host-door.ts";
import { isAnybodyExpected, recordToken } from "./join-desk.ts";
import { formatJoinToken, makeJoinToken } from "./join-token.ts";

export interface HostEntranceParts {
  readonly store: Store;
  readonly desk: HostDesk;
  readonly installation: string;
  readonly underlay: string;
  readonly publicPool: string;
  readonly dataDirectory: string;
  readonly secretKey: SecretKey;
  readonly acceptUpgrade: HostDoorParts["acceptUpgrade"];
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface IssuedToken {
  readonly token: string;
  /** What `host join` is told. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface HostEntrance {
  /** Fails with a `JoinRefusedError` for a place that is not there. */
  issueToken(request: { readonly zone: string; readonly host?: string; readonly lifeMs: number }): Promise<IssuedToken>;
  close(): Promise<void>;
}

/** Open from the start if anybody is expected. */
export function openHostEntrance(parts: HostEntranceParts): HostEntrance {
  const { store, secretKey, clock, random, log, signal } = parts;
  const address = entranceAddress(parts.underlay);
  let authority: Promise<CertificateAuthority> | undefined;
  let door: Promise<Server | undefined> | undefined;
  const openAuthority = () => (authority ??= store.write((tx) => ensureCertificateAuthority(tx, secretKey, random, clock.now)));
  const open = () => openAuthority().then((opened) => openDoor(parts, opened, address));
  const ensureOpen = () =>
    (door ??= open().catch((error: unknown) => {
      door = undefined; // the next token tries again
      throw error;
    }));
  const isExpected = store.read((tx) => isAnybodyExpected(tx, clock.now()));
  isExpected.then((expected) => (expected ? ensureOpen() : undefined)).catch((error: unknown) => {
    if (!signal.aborted) log.error("other machines cannot reach this control plane", { error });
  });
  return {
    issueToken: async ({ zone, host, lifeMs }) => {
      const token = makeJoinToken((await openAuthority()).fingerprint, random);
      const now = clock.now();
      await store.write((tx) => recordToken(tx, { secret: token.secret, zone, now, lifeMs, ...(host === undefined ? {} : { host }) }));
      await ensureOpen();
      return { token: formatJoinToken(token), url: entranceUrl(parts.underlay), expiresAt: now + lifeMs };
    },
    close: async () => {
      const server = await door?.catch(() => undefined);
      server?.closeAllConnections();
      await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
    },
  };
}

/** Undefined when the signal aborts before. */
async function openDoor(parts: HostEntranceParts, authority: CertificateAuthority, address: string): Promise<Server | undefined> {
  const readIdentity = () => readIdentityFiles(join(parts.dataDirectory, "identity"));
  const server = openHostDoor({ ...parts, imagesDirectory: join(parts.dataDirectory, "images"), authority, readIdentity });
  if (!(await listenWhenThere(server, address, joinPort, parts.signal))) return undefined; // the network is made while the control plane starts
  parts.log.info("other machines can join as hosts", { url: entranceUrl(parts.underlay) });
  return server;
}

async function readIdentityFiles(directory: string): Promise<Admission["identity"]> {
  await openIdentitySigner(directory); // which makes them unless they are there
  const names = await readdir(directory);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name), "utf8")] as const)));
}
