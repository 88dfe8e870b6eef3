/**
 * The rows of a simulated data centre: one region, three zones with their storage nodes, equal hosts, accounts with their default networks, one image. The
 * database is a real file; hosts are rows, and whoever plays them answers for them.
 */
import { join } from "node:path";
import { builtinImages, imageNameOf, registerImages, stableId } from "../../compute/image-registration.ts";
import type { Random } from "../../base/random.ts";
import type { HostDescription } from "../../host/protocol/report.ts";
import { ensureDefaultNetwork } from "../../network/default-network.ts";
import { syncRooms } from "../../placement/sync-rooms.ts";
import { openStore, type Store, type Tx } from "../../store/store.ts";
import type { HostRow } from "../../store/tables.ts";

export interface DataCentre {
  readonly store: Store;
  readonly region: string;
  readonly zones: readonly string[];
  readonly accounts: readonly string[];
  readonly imageId: string;
}

/** So many instances an account has at most: its default subnets, one of 4,091 addresses in each zone, must do. */
const instancesPerAccount = 8_000;
const hostSize = { vcpus: 64, memoryMib: 256 * 1024 } as const;
/** In each zone, of all hosts; one has room for 55,536 volumes. */
const hostsPerStorageNode = 2_500;
/** Hosts are heard until they die. */
const heardForever = 8.64e15;

export async function buildDataCentre(folder: string, size: { readonly hosts: number; readonly instances: number }, random: Random, now: number): Promise<DataCentre> {
  const store = await openStore(join(folder, "simulation.sqlite"));
  const region = "us-east-1";
  const zones = ["a", "b", "c"].map((letter) => `${region}${letter}`);
  const accounts = Array.from({ length: Math.ceil(size.instances / instancesPerAccount) + 1 }, (_, index) => String(100_000_000_000 + index));
  const tiny = builtinImages.find(({ name }) => name === "tiny");
  if (tiny === undefined) throw new Error("there is no image to launch");
  await store.write(async (tx) => {
    await tx.db.insertInto("settings").values([{ name: "public_pool", value: "198.18.0.0/24" }, { name: "ipv6_pool", value: "3fff:abc:def0::/44" }]).execute();
    await registerImages(tx, [{ ...tiny, sizeGib: 1, file: "tiny.qcow2", kernelFile: "linux", ramdiskFile: "ramdisk" }]);
    await insertHosts(tx, region, zones, size.hosts, now);
    for (const account of accounts) await ensureDefaultNetwork(tx, { account, region }, random, now);
    await tx.db.updateTable("subnets").set({ map_public_ip_on_launch: 0 }).execute();
  });
  return { store, region, zones, accounts, imageId: stableId("image", imageNameOf(tiny, "hvm")) };
}

async function insertHosts(tx: Tx, region: string, zones: readonly string[], count: number, now: number): Promise<void> {
  const working = { works: true, engine: "simulated" };
  const machine = { cpus: hostSize.vcpus, memoryMib: hostSize.memoryMib, cpuModel: "simulated", kernel: "simulated" };
  const description: HostDescription = { version: "simulated", machine, accelerators: [{ model: "simulated", count: 16 }], engines: { emulated: working, paravirtual: working, hardware: working } };
  const common = { region, created_at: now, incarnation: 1, description: JSON.stringify(description), heard_at: heardForever, failed_at: null, draining: 0 } as const;
  const toHost = (index: number): HostRow => ({
    id: `host-${String(index).padStart(5, "0")}`,
    role: "host",
    zone: zones[index % zones.length] ?? "",
    underlay_address: "",
    vcpus: hostSize.vcpus,
    memory_mib: hostSize.memoryMib,
    disk_percent: null,
    network_percent: null,
    ...common,
  });
  for (let index = 0; index < count; index++) await tx.db.insertInto("hosts").values(toHost(index)).execute();
  const storage = { role: "storage", underlay_address: "", vcpus: 0, memory_mib: 0, ...common } as const;
  for (const zone of zones) for (let index = 0; index < Math.ceil(count / hostsPerStorageNode); index++) await tx.db.insertInto("hosts").values({ id: `storage-${zone}-${index}`, zone, ...storage }).execute();
  await syncRooms(tx);
}
