import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { consolePages, noncePlace } from "./pages.ts";

let folder: string;
let server: Server;
let port: number;
let built = true;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostelry-pages-"));
  await mkdir(join(folder, "pages", "assets"), { recursive: true });
  await writeFile(join(folder, "secret.txt"), "secret");
  await writeFile(join(folder, "pages", "index.html"), `<meta content="${noncePlace}">`);
  await writeFile(join(folder, "pages", "assets", "index-a1.js"), "script");
  const answer = consolePages(() => (built ? join(folder, "pages") : undefined), systemRandom);
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo); // a listening TCP server has one
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);

test("Pages say what they may do: their own scripts, styles with the answer's nonce, no frames", async () => {
  const [first, second] = [await get("/console/"), await get("/console/guests/i-1?x")];
  const nonces = [first, second].map(({ headers }) => /style-src 'self' 'nonce-(\w+)'/.exec(headers.get("content-security-policy") ?? "")?.[1]);
  expect([await first.text(), await second.text()]).toEqual(nonces.map((nonce) => `<meta content="${nonce}">`));
  expect(nonces[0]).not.toBe(nonces[1]);
  const policy = first.headers.get("content-security-policy") ?? "";
  expect([policy.includes("default-src 'none'; script-src 'self';"), policy.includes("frame-ancestors 'none'"), policy.includes("unsafe")]).toEqual([true, true, false]);
  expect(Object.fromEntries(first.headers)).toMatchObject({ "x-frame-options": "DENY", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store", "content-type": "text/html; charset=utf-8" });
});

test("Built files are served by their names, and nothing beside them", async () => {
  const asset = await get("/console/assets/index-a1.js");
  expect([asset.status, asset.headers.get("content-type"), await asset.text()]).toEqual([200, "text/javascript; charset=utf-8", "script"]);
  const raw = async (path: string) => {
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`); // as no client would clean it
    return text(socket);
  };
  for (const path of ["assets/../../secret.txt", "assets/..%2f..%2fsecret.txt", "assets/%2e%2e/%2e%2e/secret.txt", "assets//etc/passwd", "assets/....//secret.txt", "assets/.hidden", "assets/", "assets/none.js"]) {
    expect([path, await raw(`/console/${path}`)]).toEqual([path, expect.stringMatching(/^HTTP\/1.1 404/)]);
  }
});

test("Until the pages are built there is one that says so, and only reading is answered", async () => {
  built = false;
  const page = await get("/console/");
  expect([page.status, (await page.text()).includes("being built")]).toEqual([503, true]);
  expect((await fetch(`http://127.0.0.1:${port}/console/`, { method: "POST" })).status).toBe(405);
});
