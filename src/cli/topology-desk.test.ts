import { expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { openStore } from "../store/store.ts";
import { buildTopology } from "./build-topology.ts";
import { parseTopology, type Topology } from "./topology.ts";
import { openTopologyDesk } from "./topology-desk.ts";
import { parseTopologyEdit } from "./topology-edit.ts";
import { departuresOf } from "./topology-orphans.ts";
import { syncTopology } from "./topology-rows.ts";

const machine = { cpus: 2, memoryMib: 10_240 };
const underlay = "198.19.4.0/24";
const plan = (hosts: unknown) => ({ regions: [{ name: "us-east-1", zones: [{ name: "us-east-1a", hosts }] }] });
const block = { base: 0xc6130400, prefix: 24 };

async function openDesk(save: (topology: Topology) => void) {
  const store = await openStore(":memory:");
  const topology = buildTopology(parseTopology(JSON.stringify(plan([{}, { memory: "1 GiB", overcommit: { memory: 1 } }])), "plan"), machine, block);
  await store.write((tx) => syncTopology(tx, topology, 0));
  const desk = openTopologyDesk({ store, clock: manualClock(), machine, underlay, topology, save });
  const rows = () => store.read((tx) => tx.db.selectFrom("hosts").select(["id", "memory_mib", "underlay_address"]).where("role", "=", "host").orderBy("id").execute());
  return { store, desk, rows, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

test("A new host gets the first free id and address, and an equal share of the machine's memory, which others without a size of their own share with it", async () => {
  await using open = await openDesk(() => {});
  await open.store.write(async ({ db }) => {
    const host = await db.selectFrom("hosts").selectAll().where("id", "=", "a1").executeTakeFirstOrThrow();
    await db.insertInto("hosts").values({ ...host, id: "a3", underlay_address: "198.19.4.5", memory_mib: 1 }).execute();
    await db.insertInto("joined_hosts").values({ host_id: "a3", public_key: "", joined_at: 0 }).execute();
  });
  expect(await open.desk.edit(parseTopologyEdit({ add: "host", plan: plan([{}]) }))).toEqual({ added: ["a4"], removed: [] });
  // 80 % of 10 GiB over three hosts, four times; over two before.
  expect(await open.rows()).toEqual([
    { id: "a1", memory_mib: 10_922, underlay_address: "198.19.4.2" },
    { id: "a2", memory_mib: 1024, underlay_address: "198.19.4.3" },
    { id: "a3", memory_mib: 1, underlay_address: "198.19.4.5" },
    { id: "a4", memory_mib: 10_922, underlay_address: "198.19.4.6" },
  ]);
  expect(await open.desk.edit({ remove: "host", name: "a2" })).toEqual({ added: [], removed: ["a2"] });
  expect((await open.rows()).map((row) => [row.id, row.memory_mib])).toEqual([["a1", 16_384], ["a3", 1], ["a4", 16_384]]);
});

test("A card or an accelerator is one host's, and another's when that has gone; emulated hosts have their own", async () => {
  await using open = await openDesk(() => {});
  const add = (host: object) => open.desk.edit(parseTopologyEdit({ add: "host", plan: plan([host]) }));
  await add({ cards: ["eth9"], accelerators: ["0000:01:00.0"] });
  await add({ emulated: "yes", cards: ["eth1", "nvme0"] });
  await add({ emulated: "yes", cards: ["eth1", "nvme0"] });
  await add({ cards: ["nvme0"] });
  await expect(add({ cards: ["eth9"] })).rejects.toMatchObject({ message: "eth9 is the host a3's.", remedy: "./hostelry host remove a3 gives it back." });
  await expect(add({ accelerators: ["0000:01:00.0"] })).rejects.toThrow("0000:01:00.0 is the host a3's.");
  await open.desk.edit({ remove: "host", name: "a3" });
  expect(await add({ cards: ["eth9"], accelerators: ["0000:01:00.0"] })).toEqual({ added: ["a3"], removed: [] });
});

test("An edit whose file cannot be written can be made again, and no row has what the file has not", async () => {
  const full = new Error("no space left");
  let isFull = true;
  await using open = await openDesk(() => {
    if (isFull) throw full;
  });
  await expect(open.desk.edit(parseTopologyEdit({ add: "host", plan: plan([{}]) }))).rejects.toBe(full);
  await expect(open.desk.edit({ remove: "host", name: "a2" })).rejects.toBe(full);
  expect([(await open.rows()).map(({ id }) => id), open.desk.current().regions[0]?.zones[0]?.hosts.length]).toEqual([["a1"], 2]);
  await open.store.write((tx) => syncTopology(tx, open.desk.current(), 1)); // as at the next start
  expect((await open.rows()).map(({ id }) => id)).toEqual(["a1", "a2"]);
  isFull = false;
  expect(await Promise.all([open.desk.edit({ remove: "host", name: "a2" }), open.desk.edit(parseTopologyEdit({ add: "host", plan: plan([{}]) }))])).toEqual([
    { added: [], removed: ["a2"] },
    { added: ["a2"], removed: [] },
  ]);
});

test.each([[{}], [{ add: "storage-node" }], [{ add: "host", remove: "host" }], [{ remove: "host" }], [{ add: "host", plan: 1 }]])("What is no edit is refused: %j", (body) => {
  expect(() => parseTopologyEdit(body)).toThrow(expect.objectContaining({ name: "CommandError" }));
});

test("A node that another topology has in another place departs like one that it does not have", () => {
  const at = (region: string, zone: string, ...ids: readonly string[]): Topology => ({
    regions: [{ name: region, zones: [{ name: zone, hosts: ids.map((id) => ({ id, vcpus: 1, memoryMib: 1, underlayAddress: "" })), storageNodes: [{ id: "s", underlayAddress: "" }] }] }],
  });
  expect([departuresOf(at("r", "ra", "x", "y"), at("r", "ra", "x")), departuresOf(at("r", "ra", "x"), at("q", "qa", "x"))]).toEqual([
    { nodes: ["y"], zones: [], regions: [] },
    { nodes: ["x", "s"], zones: ["ra"], regions: ["r"] },
  ]);
});
