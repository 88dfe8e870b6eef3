/**
 * The API and the console at another address than the loopback, for clients on other machines (`up --listen`, decision 0034): by TLS alone, with certificates of
 * an authority that is believed of this one address. What is for this machine alone is not served there.
 */
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { certify, randomSerial, toPem, type Authority } from "../compute/connect/certificate.ts";
import { ensureAuthority, type AuthorityKind } from "../compute/kept-authority.ts";
import type { SecretKey } from "../iam/secret.ts";
import type { Store } from "../store/store.ts";
import { remoteCertificateFile, remoteClientsDirectory, writeClientEndpoints } from "./client-endpoints.ts";
import { listenWhenThere } from "./listen-when-there.ts";
import { remoteUrl } from "./remote-address.ts";

export interface RemoteDoorParts {
  readonly store: Store;
  readonly secretKey: SecretKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly dataDirectory: string;
  readonly signal: AbortSignal;
}

export interface RemoteDoor {
  readonly server: Server;
  /** Puts what clients need beside the installation's data. Returns the URL when it listens, or when the machine has not had the address for a while; then it goes on trying. */
  listen(port: number): Promise<string>;
}

const dayMs = 86_400_000;
const [lastsMs, renewedMs] = [90 * dayMs, dayMs];
const patienceMs = 1_000;
/** What is left of the process's files is for this machine, its hosts and its guests. */
const mostConnections = 1_000;

export async function openRemoteDoor(parts: RemoteDoorParts, address: string, listener: RequestListener): Promise<RemoteDoor> {
  const { store, secretKey, clock, random, log, dataDirectory, signal } = parts;
  const { authority, certificate } = await store.write((tx) => ensureAuthority(tx, authorityOf(address), secretKey, random, clock.now()));
  const issueNow = () => issue(authority, address, clock.now(), random);
  const server = createServer(issueNow(), listener);
  server.maxConnections = mostConnections;
  const renewing = setInterval(() => server.setSecureContext(issueNow()), renewedMs).unref();
  server.once("close", () => clearInterval(renewing));
  const listen = async (port: number): Promise<string> => {
    const url = remoteUrl(address, port);
    writeClientEndpoints(remoteClientsDirectory(dataDirectory), url);
    writeFileSync(remoteCertificateFile(dataDirectory), certificate, { mode: 0o644 });
    const listening = listenWhenThere(server, address, port, signal).then(
      (listens) => listens && log.info("the control plane answers other machines", { url }),
      (error: unknown) => log.error("other machines cannot reach the API", { url, error }),
    );
    await Promise.race([listening, delay(patienceMs, undefined, { ref: false })]);
    return url;
  };
  return { server, listen };
}

/** Each address has an authority of its own: whoever believes one of them believes it of nothing else. */
function authorityOf(address: string): AuthorityKind {
  return { commonName: "Hostelry API", scope: address, certificateSetting: `api_authority_certificate ${address}`, keySetting: `api_authority_key ${address}`, purpose: `authority of the API at ${address}` };
}

/** The common name is none that could be taken for a host's. */
function issue(authority: Authority, address: string, now: number, random: Random): { readonly key: string; readonly cert: string } {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const request = { commonName: "Hostelry API", publicKey: createPublicKey(privateKey), serial: randomSerial(random), notBefore: now - dayMs, notAfter: now + lastsMs };
  return { key: String(privateKey.export({ format: "pem", type: "pkcs8" })), cert: toPem(certify(authority, request, address)) };
}
