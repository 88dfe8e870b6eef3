import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { tlsDial, tlsTransport } from "../../host/agent/control-plane-transport.ts";
import { imageFetcher } from "../../host/agent/image-files.ts";
import { syncTopology } from "../topology-rows.ts";
import { askToJoin } from "./ask-to-join.ts";
import { recordToken } from "./join-desk.ts";
import { formatJoinToken, makeJoinToken, parseJoinToken } from "./join-token.ts";
import { machine, newKey, openJoiningPlace, topology, version, type JoiningPlace } from "./testing/joining-place.ts";

let directory: string;
let place: JoiningPlace;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hostelry-join-"));
  place = await openJoiningPlace(directory);
});

afterEach(async () => {
  await place[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

describe("a machine with a join token", () => {
  test("becomes a new host of the token's zone, with an address and room of its own, and speaks for it", async () => {
    const own = newKey();
    const answer = await place.ask(await place.newToken(), own);
    const { certificate: _certificate, ...admission } = answer.admission;
    expect(admission).toEqual({
      host: "aj1", zone: "us-east-1a", installation: "0a1b2c", identity: { "signature.key": "a key" },
      underlay: { address: "198.19.3.254", block: "198.19.0.0/22", publicPool: "198.18.0.0/24" },
    });
    const row = await place.store.read((tx) => tx.db.selectFrom("hosts").select(["role", "region", "zone", "vcpus", "memory_mib"]).where("id", "=", "aj1").executeTakeFirst());
    expect(row).toEqual({ role: "host", region: "us-east-1", zone: "us-east-1a", vcpus: 32, memory_mib: 12_800 });
    expect(await place.poll("aj1", answer, own.key)).toMatchObject({ status: 200 });
  });

  test("becomes the host that the token names, which keeps its size", async () => {
    const { admission } = await place.ask(await place.newToken("a1"));
    expect([admission.host, admission.underlay.address]).toEqual(["a1", "198.19.0.2"]);
  });

  test("that has missed the answer asks again and is the same host", async () => {
    const [token, own] = [await place.newToken(), newKey()];
    const first = await place.ask(token, own);
    place.now += 7200_000; // also when the token's time is over by then
    const second = await place.ask(token, own);
    expect(second.admission).toMatchObject({ host: first.admission.host, underlay: first.admission.underlay });
    expect(await place.store.read((tx) => tx.db.selectFrom("hosts").select("id").where("role", "=", "host").execute())).toHaveLength(2);
  });

  test("keeps its host when the control plane starts anew with another topology", async () => {
    await place.ask(await place.newToken());
    await place.store.write((tx) => syncTopology(tx, topology, 0));
    expect(await place.store.read((tx) => tx.db.selectFrom("hosts").select("id").orderBy("id").execute())).toEqual([{ id: "a1" }, { id: "aj1" }, { id: "as" }]);
  });

  test("takes the place of the machine that its host was before, which is turned away from then on", async () => {
    const before = newKey();
    const first = await place.ask(await place.newToken("a1"), before);
    const after = newKey();
    const second = await place.ask(await place.newToken("a1"), after);
    expect((await place.poll("a1", second, after.key)).status).toBe(200);
    expect(await place.poll("a1", first, before.key)).toMatchObject({ status: 403, text: expect.stringContaining("no joined host's") });
  });
});

describe("a machine is refused", () => {
  test("with a token that another machine has used", async () => {
    const token = await place.newToken();
    await place.ask(token);
    await expect(place.ask(token)).rejects.toThrow("The token was used already: it made another machine the host aj1.");
  });

  test("that asks with one token at the same time as another: one of them is a host, and the other nothing", async () => {
    const token = await place.newToken();
    const answers = await Promise.allSettled([place.ask(token), place.ask(token)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(answers.find(({ status }) => status === "rejected")).toMatchObject({ reason: { message: "The token was used already: it made another machine the host aj1." } });
    expect(await place.store.read((tx) => tx.db.selectFrom("hosts").select("id").where("role", "=", "host").orderBy("id").execute())).toEqual([{ id: "a1" }, { id: "aj1" }]);
  });

  test("with a token whose time is over", async () => {
    const token = await place.newToken();
    place.now += 3600_000;
    await expect(place.ask(token)).rejects.toThrow(/^The token expired at 20/);
  });

  test("with a token that was made up", async () => {
    await expect(place.ask(makeJoinToken(place.authority.fingerprint, systemRandom))).rejects.toThrow("The token is none of this installation's.");
  });

  test("by its own doubt, when the control plane is not the one that the token is of, which then has heard nothing", async () => {
    await using other = await openJoiningPlace(directory);
    const token = await place.newToken();
    await expect(askToJoin({ url: other.url, token, ...newKey(), machine, version })).rejects.toThrow(`${other.url} is not the control plane that the token is of.`);
    await expect(place.ask(token)).resolves.toMatchObject({ admission: { host: "aj1" } });
  });

  test("with a program that speaks another protocol, which leaves the token good", async () => {
    const token = await place.newToken();
    for (const theirs of ["0.9.0+c3d4", "1.0.0+c3d4", "1.0.0"]) {
      await expect(place.ask(token, newKey(), theirs)).rejects.toThrow(`This machine has version ${theirs} of Hostelry, and the control plane has version 1.0.0+a1b2.`);
    }
    await expect(place.ask(token)).resolves.toMatchObject({ admission: { host: "aj1" } });
  });

  test.each(["", "{}", '{"secret":"a","publicKey":"no key","machine":{"cpus":1,"memoryMib":1}}', '{"secret":"a","machine":{"cpus":1e400}}'])("when it asks with %j", async (content) => {
    const transport = tlsTransport({ url: place.url, authority: place.authority.certificate, version });
    const answer = await transport.send({ method: "POST", path: "/v1/join", body: { type: "application/json", content }, timeoutMs: 60_000 }, AbortSignal.timeout(60_000));
    transport.close();
    expect(answer.status).toBe(400);
  });
});

describe("a joined host's agent is turned away", () => {
  test("when it speaks for another host", async () => {
    const own = newKey();
    const answer = await place.ask(await place.newToken(), own);
    expect(await place.poll("a1", answer, own.key)).toMatchObject({ status: 403, text: expect.stringContaining("speaks for no other") });
  });

  test("when its program speaks another protocol, and is told both versions; another version alone is no reason", async () => {
    const own = newKey();
    const answer = await place.ask(await place.newToken(), own);
    expect(await place.poll("aj1", answer, own.key, "2.0.0+c3d4")).toMatchObject({ status: 426, text: expect.stringContaining("version 2.0.0+c3d4 of Hostelry, and the control plane has version 1.0.0+a1b2") });
    expect((await place.poll("aj1", answer, own.key, "2.0.0+a1b2")).status).toBe(200);
  });

  test("when it shows no certificate, or one of another authority", async () => {
    const own = newKey();
    const answer = await place.ask(await place.newToken(), own);
    await using another = await openJoiningPlace(directory);
    const stranger = another.authority.issueClient("aj1", own.publicKey);
    const bare = tlsTransport({ url: place.url, authority: answer.authority, version });
    const bareAnswer = await bare.send({ method: "GET", path: "/v1/hosts/aj1/specifications?since=0&incarnation=1", timeoutMs: 60_000 }, AbortSignal.timeout(60_000));
    bare.close();
    expect(bareAnswer.status).toBe(403);
    expect((await place.poll("aj1", { ...answer, admission: { ...answer.admission, certificate: stranger } }, own.key)).status).toBe(403);
  });
});

test("a joined host's agent brings its guests' connections to the services, and nobody else's", async () => {
  const own = newKey();
  const { authority, admission } = await place.ask(await place.newToken(), own);
  const dial = (theirVersion: string) => tlsDial({ url: place.url, authority, own: { certificate: admission.certificate, key: own.key }, version: theirVersion });
  expect(await text(await dial(version)("/v1/hosts/aj1/service-connections", "services"))).toBe("welcome");
  for (const refused of [dial(version)("/v1/hosts/a1/service-connections", "services"), dial("2.0.0+c3d4")("/v1/hosts/aj1/service-connections", "services")]) {
    await expect(refused).rejects.toThrow("the control plane takes no such connection");
  }
});

test("a joined host fetches the files of images that its guests need, whole, once, and no others", async () => {
  const own = newKey();
  const { authority, admission } = await place.ask(await place.newToken(), own);
  const [there, here] = [join(directory, "images"), join(directory, "host", "images")];
  const content = randomBytes(3_000_000);
  await mkdir(join(there, "kernels"), { recursive: true });
  await writeFile(join(there, "kernels", "uml-6.1"), content);
  await writeFile(join(directory, "secret"), "not an image");
  const fetchImage = imageFetcher("aj1", { url: place.url, authority, own: { certificate: admission.certificate, key: own.key }, version }, here);
  const { signal } = new AbortController();
  await Promise.all([fetchImage("kernels/uml-6.1", signal), fetchImage("kernels/uml-6.1", signal)]);
  await rm(join(there, "kernels", "uml-6.1"));
  await fetchImage("kernels/uml-6.1", signal);
  expect((await readFile(join(here, "kernels", "uml-6.1"))).equals(content)).toBe(true);
  for (const name of ["tiny.qcow2", "../secret", "kernels/../../secret"]) await expect(fetchImage(name, signal)).rejects.toThrow("cannot be had from the control plane");
  expect(await readdir(here)).toEqual(["kernels"]);
});

describe("a token", () => {
  test("is refused for a zone, or a host, that is not there", async () => {
    const secret = new Uint8Array(24);
    const record = (zone: string, host?: string) => place.store.write((tx) => recordToken(tx, { secret, zone, now: 0, lifeMs: 1, ...(host === undefined ? {} : { host }) }));
    await expect(record("us-east-1f")).rejects.toThrow("There is no zone us-east-1f in this installation.");
    await expect(record("us-east-1a", "as")).rejects.toThrow("There is no host as in us-east-1a.");
  });

  test("is read as it was written, and not when part of it is missing", () => {
    const token = makeJoinToken(place.authority.fingerprint, systemRandom);
    const text = formatJoinToken(token);
    expect(parseJoinToken(text)).toEqual(token);
    for (const wrong of [text.slice(0, -2), text.slice(4), "", `${text}=`]) expect(parseJoinToken(wrong)).toBeUndefined();
  });

  test("is not in the database", async () => {
    const token = await place.newToken();
    const rows = JSON.stringify(await place.store.read((tx) => tx.db.selectFrom("join_tokens").selectAll().execute()));
    for (const encoding of ["hex", "base64url"] as const) expect(rows).not.toContain(token.secret.toString(encoding));
  });
});
