import { expect, test } from "vitest";
import { changeRoom, setHolder } from "../placement/host-room.ts";
import { openStore } from "../store/store.ts";
import type { Topology, TopologyHost } from "./topology.ts";
import { syncTopology } from "./topology-rows.ts";

function topologyOf(hosts: Readonly<Record<string, number>>, zone = "us-east-1a"): Topology {
  const rows = Object.entries(hosts).map(([id, vcpus]) => ({ id, vcpus, memoryMib: 1024, underlayAddress: "" }));
  return { regions: [{ name: "us-east-1", zones: [{ name: zone, hosts: rows, storageNodes: [{ id: "as", underlayAddress: "" }] }] }] };
}

test("A host that the topology no longer lists goes with its room, unless something is promised of it or somebody has it alone; sizes change", async () => {
  await using store = await openStore(":memory:");
  await store.write((tx) => syncTopology(tx, topologyOf({ a1: 4, a2: 4, a3: 4, a4: 4 }), 0));
  await store.write(async (tx) => {
    await changeRoom(tx, "a2", { vcpus: 1, memoryMib: 256 });
    await setHolder(tx, "a3", "h-0123456789abcdef0");
    await syncTopology(tx, topologyOf({ a1: 8 }), 1);
  });
  const rooms = await store.read((tx) => tx.db.selectFrom("host_rooms").select(["host_id", "vcpus", "reserved_vcpus", "load"]).orderBy("host_id").execute());
  expect(rooms).toEqual([
    { host_id: "a1", vcpus: 8, reserved_vcpus: 0, load: 0 },
    { host_id: "a2", vcpus: 4, reserved_vcpus: 1, load: 250_000 },
    { host_id: "a3", vcpus: 4, reserved_vcpus: 0, load: 0 },
  ]);
});

test("The hosts of one machine have equal parts of its disk and network, as often as they may promise them", async () => {
  await using store = await openStore(":memory:");
  const { regions: [region] } = topologyOf({ a1: 4, a2: 4, a3: 4, b1: 4 });
  const overcommit = { vcpus: 1, memory: 1, disk: 10, network: 1 };
  const changes: Readonly<Record<string, Partial<TopologyHost>>> = { a2: { overcommit }, b1: { overcommit, emulated: { cpus: 2, memoryMib: 2560 } } };
  const zones = region?.zones.map((zone) => ({ ...zone, hosts: zone.hosts.map((host) => ({ ...host, ...changes[host.id] })) })) ?? [];
  await store.write((tx) => syncTopology(tx, { regions: [{ name: "us-east-1", zones }] }, 0));
  const rows = await store.read((tx) => tx.db.selectFrom("hosts").select(["id", "disk_percent as disk", "network_percent as network"]).where("role", "=", "host").orderBy("id").execute());
  expect(rows).toEqual([
    { id: "a1", disk: 3333, network: 3333 }, // the defaults, of a third
    { id: "a2", disk: 333, network: 33 },
    { id: "a3", disk: 3333, network: 3333 },
    { id: "b1", disk: 1000, network: 100 }, // a machine of its own
  ]);
});

test("A host that stands in another zone now is there with its room, unless something is promised of it", async () => {
  await using store = await openStore(":memory:");
  await store.write((tx) => syncTopology(tx, topologyOf({ a1: 4, a2: 4 }), 0));
  await store.write(async (tx) => {
    await changeRoom(tx, "a2", { vcpus: 1, memoryMib: 256 });
    await syncTopology(tx, topologyOf({ a1: 4, a2: 4 }, "us-east-1b"), 1);
  });
  const places = await store.read((tx) => tx.db.selectFrom("host_rooms").innerJoin("hosts", "hosts.id", "host_rooms.host_id").select(["hosts.id", "hosts.zone", "host_rooms.zone as roomZone"]).orderBy("hosts.id").execute());
  expect(places).toEqual([
    { id: "a1", zone: "us-east-1b", roomZone: "us-east-1b" },
    { id: "a2", zone: "us-east-1a", roomZone: "us-east-1a" },
  ]);
});
