import { createPublicKey } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isTurnedAway } from "./ask-to-join.ts";
import type { JoinToken } from "./join-token.ts";
import { ensureHostKey, writeMembership } from "./membership.ts";
import { findStanding } from "./standing.ts";
import { openTopologyDesk } from "../topology-desk.ts";
import { machine, newKey, openJoiningPlace, topology, version, type JoiningPlace } from "./testing/joining-place.ts";

let directory: string;
let place: JoiningPlace;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "hostelry-removed-"));
  place = await openJoiningPlace(directory);
});

/** As `host remove` does. */
async function remove(name: string): Promise<unknown> {
  const desk = openTopologyDesk({ store: place.store, clock: { now: () => place.now }, machine, underlay: "198.19.0.0/22", topology, save: () => {} });
  return desk.edit({ remove: "host", name });
}

afterEach(async () => {
  await place[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

describe("a host that joined and is removed", () => {
  test("is turned away, and its machine may join anew", async () => {
    const [own, token] = [newKey(), await place.newToken()];
    const answer = await place.ask(token, own);
    const known = { ...answer.admission, ...own, authority: answer.authority, url: place.url, version };
    expect(await isTurnedAway(known)).toBe(false);
    expect(await remove("aj1")).toEqual({ added: [], removed: ["aj1"], elsewhere: true });
    expect([await isTurnedAway(known), (await place.poll("aj1", answer, own.key)).status]).toEqual([true, 403]);
    expect(await place.store.read((tx) => tx.db.selectFrom("host_rooms").select("host_id").execute())).toEqual([{ host_id: "a1" }]);
    await expect(place.ask(token, own)).rejects.toThrow("The token is none of this installation's.");
    const again = await place.ask(await place.newToken(), own);
    expect([again.admission.host, again.admission.underlay.address]).toEqual(["aj1", "198.19.3.254"]);
    expect((await place.poll("aj1", again, own.key)).status).toBe(200);
  });

  test("has nothing of anybody any more", async () => {
    await place.ask(await place.newToken());
    const slot = { reservation_id: "cr-0123456789abcdef0", number: 0, host_id: "aj1", vcpus: 1, memory_mib: 512, disk_gib: 0, network_mbps: 0, accelerators: 0, instance_id: null } as const;
    await place.store.write((tx) => tx.db.insertInto("capacity_slots").values(slot).execute());
    await expect(remove("aj1")).rejects.toThrow("aj1 cannot go, because of what is there: capacity reservations cr-0123456789abcdef0.");
    await expect(remove("as"), "a storage node").rejects.toThrow("There is no host as in this data centre.");
    expect(await place.store.read((tx) => tx.db.selectFrom("joined_hosts").select("host_id").execute())).toEqual([{ host_id: "aj1" }]);
  });

  test("may have been in the topology's place of a host, which goes with it", async () => {
    const own = newKey();
    const answer = await place.ask(await place.newToken("a1"), own);
    expect(await remove("a1")).toEqual({ added: [], removed: ["a1"] });
    expect([(await place.poll("a1", answer, own.key)).status, await place.store.read((tx) => tx.db.selectFrom("hosts").select("id").execute())]).toEqual([403, [{ id: "as" }]]);
  });

  test("is not given up by its machine while the control plane does not answer", async () => {
    const own = newKey();
    const answer = await place.ask(await place.newToken(), own);
    await remove("aj1");
    expect(await isTurnedAway({ ...answer.admission, ...own, authority: answer.authority, url: "https://127.0.0.1:1", version })).toBe(false);
  });
});

describe("a machine that is a host", () => {
  let left: string[];
  beforeEach(() => void (left = []));
  const stand = (token?: JoinToken) => findStanding({ dataDirectory: directory, version, leave: async ({ membership }) => void left.push(membership.host) }, token);

  /** As `host join` does. */
  async function becomeHost(): Promise<void> {
    const publicKey = String(createPublicKey(await ensureHostKey(directory)).export({ format: "pem", type: "spki" }));
    const { authority, admission: { identity, ...admission } } = await place.ask(await place.newToken(), { key: "", publicKey });
    await writeMembership(directory, { ...admission, url: place.url, authority, runDirectory: "/nowhere", device: "eth1" }, identity);
    await mkdir(join(directory, "hosts", admission.host), { recursive: true });
  }

  test("stays it without a token and with one, since that is not used", async () => {
    expect(await stand()).toBeUndefined();
    await becomeHost();
    const again = await place.newToken();
    expect([(await stand())?.host, (await stand(again))?.host, left]).toEqual(["aj1", "aj1", []]);
    await expect(place.ask(again)).resolves.toMatchObject({ admission: { host: "aj2" } });
  });

  test("refuses the token of another data centre", async () => {
    await becomeHost();
    await using other = await openJoiningPlace(directory);
    await expect(stand(await other.newToken())).rejects.toThrow("This machine is the host aj1 of another data centre.");
  });

  test("leaves what it was when it has been removed and is given a token", async () => {
    await becomeHost();
    await remove("aj1");
    expect([(await stand())?.host, left]).toEqual(["aj1", []]);
    expect([await stand(await place.newToken()), left, await readdir(join(directory, "hosts"))]).toEqual([undefined, ["aj1"], []]);
    await becomeHost();
    expect((await stand(await place.newToken()))?.host).toBe("aj1");
  });
});

test("of two machines that have one host's key the one that came later speaks for it", async () => {
  const own = newKey();
  const answer = await place.ask(await place.newToken(), own);
  const works = { works: true, engine: "qemu-tcg" };
  const arrive = async (incarnation: number) => {
    const content = JSON.stringify({ incarnation, description: { version: "1.0.0", machine, engines: { emulated: works, paravirtual: works, hardware: works } } });
    return (await place.send(answer, own.key, { method: "PUT", path: "/v1/hosts/aj1/description", body: { type: "application/json", content } })).status;
  };
  expect([await arrive(1), await arrive(2), await arrive(1)]).toEqual([204, 204, 409]);
});
