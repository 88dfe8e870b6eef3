/** A guest's connection, from its host's relay to a server in the API's place. */
import { createServer as createHttpServer } from "node:http";
import { get } from "node:https";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import { makeServiceAuthority } from "../compute/service-authority.ts";
import { unixSocketDial } from "../host/agent/control-plane-transport.ts";
import { serviceUpgrade } from "../host/protocol/service-connection.ts";
import { ServiceRelay } from "../host/services/service-relay.ts";
import { openServiceCertificates } from "./service-certificates.ts";
import { openServiceDoor, type ServiceDoor } from "./service-door.ts";
import { upgradesBy } from "./upgrades.ts";

const { authority, certificate } = makeServiceAuthority(systemRandom, Date.now());
const folder = mkdtempSync(join(tmpdir(), "hostelry-door-"));
const controlSocket = join(folder, "control.sock");
const control = createHttpServer();
let door: ServiceDoor;
let guests: Server;

beforeAll(async () => {
  door = openServiceDoor(openServiceCertificates(authority, systemClock, systemRandom));
  door.leadTo(createHttpServer((request, response) => response.end(JSON.stringify(door.originOf(request.socket)))));
  control.on("upgrade", upgradesBy({ [serviceUpgrade]: door.accept }));
  await new Promise<void>((resolve) => control.listen(controlSocket, resolve));
  const relay = new ServiceRelay({ dial: unixSocketDial(controlSocket), hostId: "host-a" });
  guests = createServer((guest) => relay.accept(guest, { endpointInterface: undefined, secure: true }));
  await new Promise<void>((resolve) => guests.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  door.close();
  control.close();
  guests.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the server was told of the connection; rejects where the client does not believe who is there. */
function ask(servername: string, ca: string): Promise<unknown> {
  const { port } = guests.address() as AddressInfo; // a TCP server that listens has an address of this form
  return new Promise((resolve, reject) => {
    const request = get({ host: "127.0.0.1", port, servername, ca, agent: false, headers: { host: servername } }, (answer) => {
      answer.setEncoding("utf8").once("data", (text: string) => resolve(JSON.parse(text)));
    });
    request.once("error", reject);
  });
}

test.each(["ec2.us-east-1.amazonaws.com", "sts.amazonaws.com", "vpce-0123456789abcdef0-89abcdef-us-east-1a.ec2.us-east-1.vpce.amazonaws.com"])("By TLS a guest believes that it speaks to %s, and the API hears who the guest is", async (name) => {
  expect(await ask(name, certificate)).toEqual({ sourceAddress: "127.0.0.1", secure: true });
});

test.each([
  ["a name that no service here has", "s3.us-east-1.amazonaws.com", certificate],
  ["another installation's authority", "ec2.us-east-1.amazonaws.com", makeServiceAuthority(systemRandom, Date.now()).certificate],
])("A guest does not believe %s", async (_what, name, ca) => {
  await expect(ask(name, ca)).rejects.toThrow();
});

test("Whoever asks to be upgraded to what nobody serves is told so", async () => {
  const dial = unixSocketDial(controlSocket);
  for (const wanted of ["something-else", "constructor"]) await expect(dial("/v1/hosts/host-a/service-connections?address=10.0.0.1&secure=0", wanted)).rejects.toThrow("takes no such connection");
  await expect(dial("/v1/hosts/host-a/service-connections?address=nobody&secure=0", serviceUpgrade)).rejects.toThrow();
});
