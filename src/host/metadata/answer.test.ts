import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { manualClock } from "../../base/clock.ts";
import { interfaceSpecimen, machineSpecimen } from "../network/testing/specimens.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import { answerMetadata, type AnswerParts } from "./answer.ts";

const nic = interfaceSpecimen("1", "1", "172.31.0.5", "198.18.4.10");
const machine = machineSpecimen("1", nic);
const clock = manualClock();
const parts: AnswerParts = {
  clock,
  random: { bytes: (count) => new Uint8Array(count).fill(7) },
  secret: createHash("sha256").update("secret").digest(),
  signer: { signature: async () => "signed", rsa2048: async () => "rsa", pkcs7: async () => "dsa" },
};
const ttl = "x-aws-ec2-metadata-token-ttl-seconds";
const tokenHeader = "x-aws-ec2-metadata-token";

async function ask(line: string, headers: Record<string, string> = {}, of: MachineSpecification | undefined = machine) {
  const [method = "", target = ""] = line.split(" ");
  const { status, body } = await answerMetadata({ method, target, headers }, of, parts);
  return status === 200 ? body.toString() : status;
}

async function token(of: MachineSpecification = machine, seconds = "60"): Promise<string> {
  return String(await ask("PUT /latest/api/token", { [ttl]: seconds }, of));
}

function withOptions(options: Partial<MachineSpecification["metadata"]["options"]>): MachineSpecification {
  return machineSpecimen("1", nic, { options: { ...machine.metadata.options, ...options } });
}

describe("the tree", () => {
  test("shows an interface's IPv6 addresses, prefixes and blocks, and does not where there are none or the version is older", async () => {
    const dual = { ...nic, ipv6Addresses: ["3fff::b", "3fff::a"], ipv4Prefixes: ["172.31.0.16/28"], ipv6Prefixes: ["3fff::1:0:0:0/80", "3fff::2:0:0:0/80"], subnet: { ...nic.subnet, ipv6Cidr: "3fff::/64" }, vpc: { ...nic.vpc, ipv6Cidrs: ["3fff::/56"] } };
    const of = machineSpecimen("1", dual);
    const names = ["ipv6s", "ipv4-prefix", "ipv6-prefix", "subnet-ipv6-cidr-blocks", "vpc-ipv6-cidr-blocks"].map((name) => `network/interfaces/macs/${nic.mac}/${name}`);
    const read = (version: string, from: MachineSpecification) => Promise.all(["ipv6", ...names].map((name) => ask(`GET /${version}/meta-data/${name}`, {}, from)));
    expect([await read("latest", of), await read("2016-06-30", of), await read("latest", machine)]).toEqual([
      ["3fff::b", "3fff::b\n3fff::a", "172.31.0.16/28", "3fff::1:0:0:0/80\n3fff::2:0:0:0/80", "3fff::/64", "3fff::/56"],
      [404, "3fff::b\n3fff::a", "172.31.0.16/28", "3fff::1:0:0:0/80\n3fff::2:0:0:0/80", "3fff::/64", "3fff::/56"],
      [404, 404, 404, 404, 404, 404],
    ]);
  });

  test("shows all private addresses of an interface, the first one first, and which of them public ones stand for", async () => {
    const of = machineSpecimen("1", { ...nic, secondaryAddresses: [{ privateAddress: "172.31.0.7", publicAddress: "198.18.4.11" }, { privateAddress: "172.31.0.6" }] });
    const names = ["local-ipv4s", "public-ipv4s", "ipv4-associations/", "ipv4-associations/198.18.4.11"];
    expect(await Promise.all(names.map((name) => ask(`GET /latest/meta-data/network/interfaces/macs/${nic.mac}/${name}`, {}, of)))).toEqual([
      "172.31.0.5\n172.31.0.7\n172.31.0.6", "198.18.4.10\n198.18.4.11", "198.18.4.10\n198.18.4.11", "172.31.0.7",
    ]);
  });

  /** Every directory's listing and every leaf, as a client walks them. */
  async function walk(path: string, of: MachineSpecification): Promise<readonly string[]> {
    const body = String(await ask(`GET ${path}`, {}, of));
    if (!path.endsWith("/")) return [`${path}\n${indent(body)}`];
    const children = body.split("\n").map((name) => name.replace(/^(\d+)=.*$/, "$1/"));
    const found = await Promise.all(children.map((name) => walk(`${path}${isDirectory(path, name) ? `${name}/` : name}`, of)));
    return [`${path}\n${indent(body)}`, ...found.flat()];
  }
  // The listing of a version's root shows no slashes.
  const isDirectory = (path: string, name: string) => /^\/[^/]+\/$/.test(path) && name !== "user-data";
  const indent = (text: string) => text.split("\n").map((line) => `    ${line}`).join("\n");

  test("of an instance with everything looks like this in its latest version", async () => {
    await expect(`${(await walk("/latest/", machine)).join("\n")}\n`).toMatchFileSnapshot("golden/latest.txt");
  });

  test("of the oldest version that clients need has no later category", async () => {
    await expect(`${(await walk("/2009-04-04/", machine)).join("\n")}\n`).toMatchFileSnapshot("golden/2009-04-04.txt");
  });

  test("of an instance with a profile has its role's credentials, since they came", async () => {
    const profile = { arn: "arn:aws:iam::111111111111:instance-profile/web", id: "AIPAWEB", since: "2026-01-02T03:04:05Z", role: { name: "web", credentials: "{}" } };
    const of = machineSpecimen("1", nic, { profile });
    const { role: _none, ...empty } = profile;
    const paths = ["iam/", "iam/security-credentials/", "iam/security-credentials/web", "iam/security-credentials/other"];
    expect(await Promise.all(paths.map((path) => ask(`GET /latest/meta-data/${path}`, {}, of)))).toEqual(["info\nsecurity-credentials/", "web", "{}", 404]);
    expect(JSON.parse(String(await ask("GET /latest/meta-data/iam/info", {}, of)))).toEqual({ Code: "Success", LastUpdated: profile.since, InstanceProfileArn: profile.arn, InstanceProfileId: "AIPAWEB" });
    expect([await ask("GET /2009-04-04/meta-data/iam/info", {}, of), await ask("GET /latest/meta-data/iam/", {}, machineSpecimen("1", nic, { profile: empty })), await ask("GET /latest/meta-data/iam/", {})]).toEqual([404, "info", 404]);
  });

  test("has pushed keys for their minute, each user's by themselves, with what proves them", async () => {
    const own = manualClock();
    const key = (user: string, name: string, lastsMs: number) => ({ user, block: `#${name}\n`, expiresAt: own.now() + lastsMs });
    const connect = { certificates: "chain", staples: { AB12: "c3RhcGxl" }, keys: [key("admin", "first", 30_000), key("admin", "second", 60_000), key("root", "third", 60_000)] };
    const of = machineSpecimen("1", nic, { connect });
    const read = (path: string, version = "latest") => answerMetadata({ method: "GET", target: `/${version}/meta-data/${path}`, headers: {} }, of, { ...parts, clock: own }).then(({ status, body }) => (status === 200 ? body.toString() : status));
    const folder = "managed-ssh-keys";
    const proofs = [`${folder}/signer-cert/`, `${folder}/signer-ocsp/`, `${folder}/signer-ocsp/AB12`];
    expect(await Promise.all([`${folder}/`, `${folder}/active-keys/`, `${folder}/active-keys/admin/`, `${folder}/active-keys/nobody/`, ...proofs].map((path) => read(path)))).toEqual([
      "active-keys/\nsigner-cert\nsigner-ocsp/", "admin\nroot", "#first\n\n#second\n\n", 404, "chain", "AB12", "c3RhcGxl",
    ]);
    expect(await read(`${folder}/`, "2018-09-24")).toBe(404);
    own.advance(59_000);
    expect([await read(`${folder}/active-keys/admin/`), await read(`${folder}/active-keys/root/`)]).toEqual(["#second\n\n", "#third\n\n"]);
    own.advance(999);
    expect(await read(`${folder}/active-keys/`)).toBe("admin\nroot");
    own.advance(1);
    expect(await Promise.all([`${folder}/`, `${folder}/active-keys/root/`, proofs[0] ?? ""].map((path) => read(path)))).toEqual([404, 404, 404]);
    expect(String(await read(""))).not.toContain(folder);
  });

  test("of an instance with a group, a partition or a host of its own names them", async () => {
    const of = machineSpecimen("1", interfaceSpecimen("1", "1", "172.31.0.5"), { placement: { groupName: "parts", hostId: "h-1", partitionNumber: 2 } });
    const paths = ["", "group-name", "host-id", "partition-number"].map((name) => `GET /latest/meta-data/placement/${name}`);
    expect(await Promise.all([...paths, "GET /2018-09-24/meta-data/placement/group-name"].map((request) => ask(request, {}, of)))).toEqual([
      "availability-zone\navailability-zone-id\ngroup-name\nhost-id\npartition-number\nregion", "parts", "h-1", "2", 404,
    ]);
  });

  test("of an instance with nothing optional leaves out what it has not", async () => {
    const { keyPair: _key, userData: _data, ...metadata } = { ...machine.metadata, tags: {}, options: { ...machine.metadata.options, instanceTags: "disabled" } as const };
    const bare: MachineSpecification = { ...machine, interfaces: [interfaceSpecimen("1", "1", "172.31.0.5")], metadata };
    const missing = ["public-ipv4", "public-hostname", "public-keys/", "tags/", "tags/instance", "kernel-id"].map((name) => `meta-data/${name}`);
    const statuses = await Promise.all([...missing, "user-data"].map((path) => ask(`GET /latest/${path}`, {}, bare)));
    expect({ statuses: new Set(statuses), root: await ask("GET /latest/", {}, bare) }).toEqual({ statuses: new Set([404]), root: "dynamic\nmeta-data" });
  });
});

describe("requests", () => {
  test.each([
    ["GET /latest/meta-data/instance-id", "i-0123456789abcde01"],
    ["GET /latest/meta-data/instance-id?x=1", "i-0123456789abcde01"],
    ["GET //latest//meta-data/instance-id", "i-0123456789abcde01"],
    ["HEAD /latest/meta-data/instance-id", "i-0123456789abcde01"],
    ["GET /latest/meta-data/placement", "availability-zone\navailability-zone-id\nregion"],
    ["GET /2018-09-24/meta-data/placement", "availability-zone"],
    ["GET /latest/meta-data/public-keys/", "0=me"],
    ["GET /latest/meta-data/public-keys/0", "openssh-key"],
    ["GET /latest/meta-data/tags/instance/team:owner", "blue"],
    ["GET /latest/meta-data/tags/instance/team%3Aowner", "blue"],
    ["GET /latest/user-data", "#!/bin/sh\necho hello\n"],
    ["GET /2009-04-04/user-data", "#!/bin/sh\necho hello\n"],
    ["GET /latest/dynamic/fws/instance-monitoring", "disabled"],
    ["GET /latest/dynamic/instance-identity/pkcs7", "dsa"],
    ["GET /latest/meta-data/instance-id/", "i-0123456789abcde01"],
    ["GET /latest/meta-data/nothing", 404],
    ["GET /latest/user-data/", 404],
    ["GET /latest/constructor", 404],
    ["GET /2020-02-02/meta-data/", 404],
    ["GET /1.0/dynamic/", 404],
    ["GET /latest/api", 404],
    ["GET /latest/meta-data/%zz", 400],
    ["GET latest", 400],
    ["GET /latest/api/token", 405],
    ["DELETE /latest/meta-data/", 405],
    ["POST /latest/meta-data/", 405],
    ["PUT /latest/meta-data/", 405],
    ["PUT /2021-03-23/api/token", 403],
  ])("%s gets %j", async (line, answer) => {
    expect(await ask(line)).toBe(answer);
  });

  test.each([
    ["no", {}, 400],
    ["an empty", { [ttl]: "" }, 400],
    ["a zero", { [ttl]: "0" }, 400],
    ["too long a", { [ttl]: "21601" }, 400],
    ["a wordy", { [ttl]: "ten" }, 400],
    ["a negative", { [ttl]: "-1" }, 400],
    ["a good", { [ttl]: "21600", "x-forwarded-for": "10.0.0.1" }, 403],
  ])("a token with %s time to live, headers %j, gets %d", async (_what, headers, status) => {
    expect(await ask("PUT /latest/api/token", headers)).toBe(status);
  });

  test("an instance without its endpoint answers 403 to everything, one that is not known here 503", async () => {
    const off = withOptions({ httpEndpoint: "disabled" });
    const asked = ["GET /", "GET /latest/meta-data/", "PUT /latest/api/token", "DELETE /nothing"];
    expect(new Set(await Promise.all(asked.map((line) => ask(line, { [ttl]: "60" }, off))))).toEqual(new Set([403]));
    expect((await answerMetadata({ method: "GET", target: "/", headers: {} }, undefined, parts)).status).toBe(503);
  });
});

describe("tokens", () => {
  let issued: string;
  beforeEach(async () => (issued = await token()));
  const read = (value: string, of = machine) => ask("GET /latest/meta-data/instance-id", { [tokenHeader]: value }, of);

  test("are 56 characters and good for exactly their time", async () => {
    expect(issued).toMatch(/^[\w-]{54}==$/);
    expect(await read(issued)).toBe(machine.id);
    clock.advance(59_000);
    expect(await read(issued)).toBe(machine.id);
    clock.advance(1_000);
    expect(await read(issued)).toBe(401);
  });

  test("of another instance, altered or malformed ones are refused, whether one is required or not", async () => {
    const foreign = await token(machineSpecimen("2", nic));
    const altered = `${issued.startsWith("B") ? "C" : "B"}${issued.slice(1)}`;
    const wrong = [foreign, altered, "", "x", `${issued} `, issued.slice(1)];
    expect(new Set(await Promise.all(wrong.map((value) => read(value))))).toEqual(new Set([401]));
  });

  test("are demanded at once when the option says so, and then suffice", async () => {
    const strict = withOptions({ httpTokens: "required" });
    expect([await ask("GET /", {}, strict), await ask("GET /latest/user-data", {}, strict), await read(issued, strict)]).toEqual([401, 401, machine.id]);
  });

  test("come with the seconds that are left", async () => {
    clock.advance(10_000);
    const answer = await answerMetadata({ method: "GET", target: "/", headers: { [tokenHeader]: issued } }, machine, parts);
    expect(answer.tokenSeconds).toBe(50);
  });
});
