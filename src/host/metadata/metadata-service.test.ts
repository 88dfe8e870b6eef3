import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { okStatusLine, tokenTtlHeader } from "../network/metadata-reply.ts";
import { interfaceSpecimen, machineSpecimen } from "../network/testing/specimens.ts";
import { openMetadataService, type MetadataService } from "./metadata-service.ts";

const nic = interfaceSpecimen("1", "1", "172.31.0.5");
const clock = manualClock();
let directory: string;
let service: MetadataService;
let port: number;
let hopLimits: unknown[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "hostelry-metadata-"));
  hopLimits = [];
  service = await open();
  port = await freePort();
  await service.serve(port, () => machineSpecimen("1", nic), nic.id);
});

afterEach(async () => {
  await service.close();
  rmSync(directory, { recursive: true, force: true });
});

const signer = { signature: async () => "", rsa2048: async () => "", pkcs7: async () => "" };
function open(): Promise<MetadataService> {
  const setHopLimit = async (id: string, limit: number) => void hopLimits.push([id, limit]);
  return openMetadataService({ clock, random: systemRandom, secretFile: join(directory, "secret"), signer, setHopLimit, log: silentLog });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** All that comes back for these bytes until the service closes the connection. */
async function exchange(...requests: readonly (readonly string[])[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(requests.map((lines) => [...lines, "Host: 169.254.169.254", "", ""].join("\r\n")).join(""));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const askToken = ["PUT /latest/api/token HTTP/1.1", "X-aws-ec2-metadata-token-ttl-seconds: 60"];
const askId = "GET /latest/meta-data/instance-id HTTP/1.1";

test("an answer has EC2's headers in EC2's order and closes the connection", async () => {
  expect(await exchange([askId])).toBe(
    [
      "HTTP/1.1 200 OK",
      "Content-Type: text/plain",
      "Accept-Ranges: none",
      "Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT",
      "Content-Length: 19",
      "Date: Thu, 01 Jan 2026 00:00:00 GMT",
      "Server: EC2ws",
      "Connection: close",
      "",
      "i-0123456789abcde01",
    ].join("\r\n"),
  );
});

test("only a token's answer begins with the header that the firewall looks for, and the hop limit was set before", async () => {
  const begin = `${okStatusLine}${tokenTtlHeader}: 60\r\n`;
  const token = await exchange(askToken);
  expect(token.startsWith(begin)).toBe(true);
  expect(hopLimits).toEqual([[nic.id, 1]]);
  const withToken = await exchange([askId, `X-aws-ec2-metadata-token: ${token.slice(-56)}`]);
  expect([withToken.startsWith(begin), withToken.includes(`\r\n${tokenTtlHeader}: 60\r\n`)]).toEqual([false, true]);
});

test("a connection gets one answer, and no interim one", async () => {
  const answers = await exchange([askId], askToken);
  expect(answers.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect((await exchange([...askToken, "Expect: 100-continue"])).startsWith(`${okStatusLine}${tokenTtlHeader}`)).toBe(true);
});

test("HEAD gets the headers alone, an error EC2's page, a wrong method what is allowed", async () => {
  const head = await exchange(["HEAD /latest/meta-data/instance-id HTTP/1.1"]);
  const missing = await exchange(["GET /latest/nothing HTTP/1.1"]);
  const wrong = await exchange(["GET /latest/api/token HTTP/1.1"]);
  expect([head.includes("Content-Length: 19\r\n"), head.endsWith("\r\n\r\n")]).toEqual([true, true]);
  expect([missing.startsWith("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n"), missing.includes("<h1>404 - Not Found</h1>")]).toEqual([true, true]);
  expect([wrong.startsWith("HTTP/1.1 405 Method Not Allowed\r\n"), wrong.includes("\r\nAllow: OPTIONS, PUT\r\n")]).toEqual([true, true]);
});

test("tokens outlive the service, whose secret nobody else may read", async () => {
  const token = (await exchange(askToken)).slice(-56);
  await service.close();
  service = await open();
  await service.serve(port, () => machineSpecimen("1", nic), nic.id);
  expect(await exchange([askId, `X-aws-ec2-metadata-token: ${token}`])).toContain("i-0123456789abcde01");
  expect(statSync(join(directory, "secret")).mode & 0o777).toBe(0o600);
});

test("serving again takes the new machine, and after stopping nobody answers", async () => {
  await service.serve(port, () => machineSpecimen("2", nic), nic.id);
  expect(await exchange([askId])).toContain("i-0123456789abcde02");
  await service.stop(port);
  await service.stop(port);
  await expect(exchange([askId])).rejects.toThrow(/ECONNREFUSED/);
});

test("an instance that is not known yet is asked for again later", async () => {
  await service.serve(port, () => undefined, nic.id);
  expect(await exchange([askId])).toContain("HTTP/1.1 503 Service Unavailable");
});

test("every request says that the guest was heard, whatever it asks for", async () => {
  let heard = 0;
  await service.serve(port, () => machineSpecimen("1", nic), nic.id, () => (heard += 1));
  await exchange(["GET /nothing/of/the/kind HTTP/1.1"]);
  await exchange(askToken);
  expect(heard).toBe(2);
});
