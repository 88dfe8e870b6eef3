import { expect, test } from "vitest";
import type { HostDescription } from "../host/protocol/report.ts";
import { openStore, type Tx } from "../store/store.ts";
import { changeRoom, listOffers, nobody } from "./host-room.ts";
import type { Need } from "./place.ts";
import { syncRooms } from "./sync-rooms.ts";

const now = 1_000;
const place = { region: "us-east-1", holder: nobody, now };
const description: HostDescription = {
  version: "1",
  machine: { cpus: 4, memoryMib: 4096, cpuModel: "one", kernel: "one" },
  engines: { emulated: { works: true, engine: "simulated" }, paravirtual: { works: false, engine: "simulated" }, hardware: { works: false, engine: "simulated" } },
};

interface Size {
  readonly vcpus: number;
  readonly memoryMib: number;
}

async function addHosts(tx: Tx, sizes: readonly Size[]): Promise<void> {
  const common = { role: "host", region: "us-east-1", underlay_address: "", created_at: 0, incarnation: 1, description: JSON.stringify(description), heard_at: now, failed_at: null, draining: 0 } as const;
  for (const [index, { vcpus, memoryMib }] of sizes.entries()) await tx.db.insertInto("hosts").values({ id: `h${String(index).padStart(2, "0")}`, zone: `us-east-1${"ab"[index % 2]}`, vcpus, memory_mib: memoryMib, ...common }).execute();
  await syncRooms(tx);
}

test("A host offers its part of the disk and the network that its agent has found, as often as it may, and its accelerators; where no limit is known there is none", async () => {
  await using store = await openStore(":memory:");
  const found = { ...description, accelerators: [{ model: "10de:1eb8", count: 2 }, { model: "10de:2330", count: 0, reason: "none" }], machine: { ...description.machine, diskGib: 333, networkMbps: 10_000 } };
  const need = { vcpus: 1, memoryMib: 256, virtualizations: ["emulated"] } as const;
  const offered = (more: Partial<Need>) => store.read(async (tx) => (await listOffers(tx, { ...place, need: { ...need, ...more } }, 9)).map(({ id }) => id));
  await store.write(async (tx) => {
    await addHosts(tx, [{ vcpus: 8, memoryMib: 4096 }, { vcpus: 8, memoryMib: 4096 }]);
    await tx.db.updateTable("hosts").set({ description: JSON.stringify(found), disk_percent: 50, network_percent: 200 }).where("id", "=", "h00").execute();
    await syncRooms(tx, "h00");
  });
  expect([await offered({ diskGib: 166 }), await offered({ diskGib: 167 }), await offered({ networkMbps: 20_000 }), await offered({ networkMbps: 20_001 })]).toEqual([["h00", "h01"], ["h01"], ["h00", "h01"], ["h01"]]);
  expect([await offered({ accelerators: 2 }), await offered({ accelerators: 3 })]).toEqual([["h00"], []]);
  const claim = { ...need, diskGib: 100, networkMbps: 15_000, accelerators: 1 };
  await store.write((tx) => changeRoom(tx, "h00", claim));
  expect([await offered({ diskGib: 67 }), await offered({ networkMbps: 5001 }), await offered({ accelerators: 2 }), await offered({ accelerators: 1 })]).toEqual([["h01"], ["h01"], [], ["h00"]]);
  await expect(store.write((tx) => changeRoom(tx, "h00", claim)), "whoever promises has looked").rejects.toThrow("no room");
  await store.write(async (tx) => {
    await tx.db.updateTable("hosts").set({ disk_percent: 1 }).where("id", "=", "h00").execute();
    await syncRooms(tx);
  });
  expect([await offered({ diskGib: 1 }), await offered({})], "it has become smaller than what is promised").toEqual([["h01"], ["h01", "h00"]]);
});

test("What is offered is exactly what has room, the emptiest first, among hosts of all sizes and however full they are", async () => {
  await using store = await openStore(":memory:");
  const sizes = Array.from({ length: 60 }, (_, index) => ({ vcpus: [4, 7, 64][index % 3] ?? 0, memoryMib: [4096, 30_000, 65_536][(index * 7) % 3] ?? 0 }));
  await store.write(async (tx) => {
    await addHosts(tx, sizes);
    // Each to another part, from nothing to everything; processors and memory apart.
    for (const [index, size] of sizes.entries()) await changeRoom(tx, `h${String(index).padStart(2, "0")}`, { vcpus: Math.floor((size.vcpus * (index % 8)) / 7), memoryMib: Math.floor((size.memoryMib * ((index * 5) % 11)) / 10) });
  });
  const rooms = await store.read((tx) => tx.db.selectFrom("host_rooms").selectAll().orderBy("load").orderBy("host_id").execute());
  for (const vcpus of [1, 2, 4, 7, 8, 63, 64, 65]) {
    for (const memoryMib of [256, 1024, 4096, 6000, 30_000, 65_536, 70_000]) {
      const need = { vcpus, memoryMib, virtualizations: ["emulated"] } as const;
      const fitting = rooms.filter((room) => room.vcpus - room.reserved_vcpus >= vcpus && room.memory_mib - room.reserved_memory_mib >= memoryMib);
      const offered = await store.read((tx) => listOffers(tx, { ...place, need }, 100));
      expect(offered.map(({ id }) => id)).toEqual(fitting.map((room) => room.host_id));
      const inZone = await store.read((tx) => listOffers(tx, { ...place, zone: "us-east-1b", need }, 2));
      expect(inZone.map(({ id }) => id)).toEqual(fitting.filter(({ zone }) => zone === "us-east-1b").slice(0, 2).map((room) => room.host_id));
      const empty = await store.read((tx) => listOffers(tx, { ...place, need, empty: true }, 100));
      expect(empty.map(({ id }) => id)).toEqual(fitting.filter((room) => room.reserved_vcpus === 0 && room.reserved_memory_mib === 0).map((room) => room.host_id));
    }
  }
});
