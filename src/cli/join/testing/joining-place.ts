/** A control plane's door for hosts on this machine, with an authority and a data centre of one host, for tests of both sides of joining. */
import { generateKeyPairSync } from "node:crypto";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { silentLog } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import { tlsTransport, type ControlPlaneAnswer, type ControlPlaneRequest } from "../../../host/agent/control-plane-transport.ts";
import { openHostDesk } from "../../../reconcile/hosts/host-desk.ts";
import { openStore, type Store } from "../../../store/store.ts";
import { ensureCertificateAuthority, type CertificateAuthority } from "../../certificate-authority.ts";
import { syncTopology } from "../../topology-rows.ts";
import { askToJoin, type JoinAnswer } from "../ask-to-join.ts";
import { openHostDoor } from "../host-door.ts";
import { recordToken } from "../join-desk.ts";
import { makeJoinToken, type JoinToken } from "../join-token.ts";

export const machine = { cpus: 2, memoryMib: 4000, cpuModel: "a processor", kernel: "6.1" };
export const topology = { regions: [{ name: "us-east-1", zones: [{ name: "us-east-1a", hosts: [{ id: "a1", vcpus: 4, memoryMib: 8000, underlayAddress: "198.19.0.2" }], storageNodes: [{ id: "as", underlayAddress: "198.19.0.3" }] }] }] };
/** Of the control plane, as requests name it. */
export const version = "1.0.0+a1b2";
const secretKey = new Uint8Array(32);
/** What the services would be; answers in its own way. */
const acceptUpgrade = (_request: unknown, socket: Duplex) => void socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: services\r\n\r\nwelcome");

export interface MachineKey {
  readonly key: string;
  readonly publicKey: string;
}

export interface JoiningPlace extends AsyncDisposable {
  readonly store: Store;
  readonly authority: CertificateAuthority;
  readonly url: string;
  now: number;
  newToken(host?: string): Promise<JoinToken>;
  /** Asks to join, as a machine does. */
  ask(token: JoinToken, own?: MachineKey, theirVersion?: string): Promise<JoinAnswer>;
  /** As an agent with the certificate that it was given. */
  send(answer: JoinAnswer, key: string, request: Pick<ControlPlaneRequest, "method" | "path" | "body">, theirVersion?: string): Promise<ControlPlaneAnswer>;
  /** The same, for this host's specifications. */
  poll(host: string, answer: JoinAnswer, key: string, theirVersion?: string): Promise<ControlPlaneAnswer>;
}

export function newKey(): MachineKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { key: String(privateKey.export({ format: "pem", type: "pkcs8" })), publicKey: String(publicKey.export({ format: "pem", type: "spki" })) };
}

/** Its folder of images is in the directory. */
export async function openJoiningPlace(directory: string): Promise<JoiningPlace> {
  const store = await openStore(":memory:");
  await store.write((tx) => syncTopology(tx, topology, 0));
  const authority = await store.write((tx) => ensureCertificateAuthority(tx, secretKey, systemRandom, Date.now));
  const clock = { now: () => opened.now };
  const desk = openHostDesk(store, clock, secretKey);
  const door = openHostDoor({ store, desk, authority, installation: "0a1b2c", underlay: "198.19.0.0/22", publicPool: "198.18.0.0/24", imagesDirectory: join(directory, "images"), readIdentity: async () => ({ "signature.key": "a key" }), acceptUpgrade, version, clock, log: silentLog });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(door.address() as AddressInfo).port}`; // a TCP server that listens has an address of this form
  const opened: JoiningPlace = {
    store,
    authority,
    url,
    now: Date.now(),
    newToken: async (host) => {
      const token = makeJoinToken(authority.fingerprint, systemRandom);
      await store.write((tx) => recordToken(tx, { secret: token.secret, zone: "us-east-1a", now: opened.now, lifeMs: 3600_000, ...(host === undefined ? {} : { host }) }));
      return token;
    },
    ask: (token, { publicKey } = newKey(), theirVersion = version) => askToJoin({ url, token, publicKey, machine, version: theirVersion }),
    send: async ({ authority: believed, admission: { certificate } }, key, request, theirVersion = version) => {
      const transport = tlsTransport({ url, authority: believed, own: { certificate, key }, version: theirVersion });
      try {
        return await transport.send({ ...request, timeoutMs: 60_000 }, AbortSignal.timeout(60_000));
      } finally {
        transport.close();
      }
    },
    poll: (host, answer, key, theirVersion) => opened.send(answer, key, { method: "GET", path: `/v1/hosts/${host}/specifications?since=0&incarnation=1` }, theirVersion),
    async [Symbol.asyncDispose]() {
      door.closeAllConnections();
      await new Promise((resolve) => door.close(resolve));
      desk.close();
      await store[Symbol.asyncDispose]();
    },
  };
  return opened;
}
