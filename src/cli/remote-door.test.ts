/** The API at a second address, by TLS; here one of the loopback, which every machine has. */
import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { CloudTrail } from "@aws-sdk/client-cloudtrail";
import { EC2 } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ipv6PoolOf } from "../base/ipv6.ts";
import { silentLog } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { certify, toPem } from "../compute/connect/certificate.ts";
import { longValidity, makeAuthority } from "../compute/kept-authority.ts";
import { remoteCertificateFile } from "./client-endpoints.ts";
import { runControlPlane } from "./control-plane.ts";
import { ensureInstallation } from "./installation.ts";
import { installationParts } from "./prepare-installation.ts";
import { readProfile, type Profile } from "./profile.ts";

const [address, client] = ["127.0.0.2", "127.0.0.3"];
const directory = mkdtempSync(join(tmpdir(), "hostelry-remote-"));
const leave = new AbortController();
let closed: Promise<void>;
let profile: Profile;
let ca: string;

beforeAll(async () => {
  const around = { uid: 1, home: directory, environment: { XDG_RUNTIME_DIR: directory } };
  const { id, createdAt: _createdAt, ...settings } = await ensureInstallation(directory, { simulated: true, openAccounts: false, port: 0 }, installationParts(true, around));
  ({ closed } = await runControlPlane({ ...settings, listen: address, ipv6Pool: ipv6PoolOf(id), runDirectory: directory, dataDirectory: directory, saveTopology: () => {}, version: "1", log: silentLog, signal: leave.signal }));
  profile = readProfile(directory);
  ca = readFileSync(remoteCertificateFile(directory), "utf8");
});
afterAll(async () => {
  leave.abort();
  await closed;
  rmSync(directory, { recursive: true });
});

interface Answered {
  readonly status: number | undefined;
  readonly text: string;
}

function ask(method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
  const { hostname: host, port } = new URL(profile.remoteUrl ?? "");
  return new Promise((resolve, reject) => {
    const asked = httpsRequest({ host, port, method, path, headers, ca, localAddress: client, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode, text }));
    });
    asked.once("error", reject).end(method === "POST" ? "{}" : "");
  });
}

test("Clients that believe the installation's certificate call the API there, and the audit names their address", async () => {
  const { remoteUrl: endpoint = "", region, accessKeyId, secretAccessKey } = profile;
  const settings = { endpoint, region, credentials: { accessKeyId, secretAccessKey }, requestHandler: { httpsAgent: { ca, localAddress: client } } };
  const [ec2, cloudTrail] = [new EC2(settings), new CloudTrail(settings)];
  await ec2.createKeyPair({ KeyName: "far" });
  const { Events: [event] = [] } = await cloudTrail.lookupEvents({ LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "CreateKeyPair" }] });
  expect(JSON.parse(event?.CloudTrailEvent ?? "{}")).toMatchObject({ sourceIPAddress: client, requestParameters: { keyName: "far" } });
  ec2.destroy();
  cloudTrail.destroy();
});

test("The console there takes its own pages' requests only, by TLS, and what is for this machine alone is not there", async () => {
  const session = (origin: string) => ask("POST", "/console/api/session", { origin, "content-type": "application/json" });
  const own = profile.remoteUrl ?? "";
  expect([(await session(own)).status, (await session(own.replace("https", "http"))).status, (await session("https://elsewhere.example")).status]).toEqual([401, 403, 403]);
  expect((await ask("GET", "/metrics")).text).not.toContain("hostelry_");
});

test("Nobody believes that authority of another address, nor of a name", async () => {
  const { authority, certificate } = makeAuthority({ commonName: "Hostelry API", scope: address }, systemRandom, Date.now());
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const speakAs = async (host: string): Promise<unknown> => {
    const cert = toPem(certify(authority, { commonName: "Hostelry API", publicKey: createPublicKey(publicKey.export({ format: "pem", type: "spki" })), serial: randomBytes(8), ...longValidity(Date.now()) }, host));
    const server = createServer({ key: privateKey.export({ format: "pem", type: "pkcs8" }), cert }, (socket) => socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo; // a TCP server that listens has one
    try {
      return await new Promise((resolve) => {
        const asked = httpsRequest({ host: "127.0.0.1", port, ca: certificate, agent: false, checkServerIdentity: () => undefined }, (answer) => resolve(answer.statusCode));
        asked.once("error", ({ message }) => resolve(message)).end();
      });
    } finally {
      server.close();
    }
  };
  expect([await speakAs(address), await speakAs("192.0.2.1"), await speakAs("ec2.us-east-1.amazonaws.com")]).toEqual([204, "permitted subtree violation", "excluded subtree violation"]);
});
