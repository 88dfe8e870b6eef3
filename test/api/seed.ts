/** The rows that an installation has before anybody calls: hosts, a pool of public addresses, images. */
import { builtinImages, putImageAlias, registerImages, stableId, type LocalImage } from "../../src/compute/image-registration.ts";
import type { HostDescription } from "../../src/host/protocol/report.ts";
import { syncRooms } from "../../src/placement/sync-rooms.ts";
import type { Tx } from "../../src/store/store.ts";
import type { HostRow } from "../../src/store/tables.ts";

export const hvmImage = stableId("image", "debian-12-hvm-x86_64");
export const paravirtualImage = stableId("image", "debian-12-paravirtual-x86_64");
export const pendingImage = stableId("image", "tiny-hvm-x86_64");
export const arm64Image = stableId("image", "arm-hvm-arm64");
export const kernelImage = stableId("kernel", "user-mode-linux-virtio-x86_64");
/** Stands for the hvm image. */
export const aliasId = "ami-0123456789abcdef0";
export const aliasPath = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";

/** Two zones have a host and a storage node; the others have nothing. */
export async function seedTopology(tx: Tx, now: number): Promise<void> {
  const working = (engine: string) => ({ works: true, engine });
  const description: HostDescription = {
    version: "test",
    engines: { emulated: working("simulated"), paravirtual: working("simulated"), hardware: { works: false, engine: "simulated" } },
    machine: { cpus: 16, memoryMib: 65_536, cpuModel: "simulated", kernel: "simulated" },
  };
  const hosts = ["a", "b"].flatMap((letter) =>
    (["host", "storage"] as const).map(
      (role, index): HostRow => ({
        id: `${role}-${letter}`,
        role,
        region: "us-east-1",
        zone: `us-east-1${letter}`,
        underlay_address: `10.0.${index}.${letter.charCodeAt(0)}`,
        vcpus: 64,
        memory_mib: 65_536,
        disk_percent: null,
        network_percent: null,
        created_at: now,
        incarnation: 1,
        description: JSON.stringify(description),
        heard_at: now + 3_600_000, // heard all through the test
        failed_at: null,
        draining: 0,
      }),
    ),
  );
  await tx.db.insertInto("hosts").values(hosts).execute();
  await syncRooms(tx);
  await tx.db.insertInto("settings").values([{ name: "public_pool", value: "198.18.0.0/24" }, { name: "ipv6_pool", value: "3fff:abc:def0::/44" }]).execute();
}

/** `debian-12` is built, `tiny` is not. */
export async function seedImages(tx: Tx): Promise<void> {
  const debian = builtinImages.find(({ name }) => name === "debian-12");
  if (debian === undefined) throw new Error("there is no debian-12 any more");
  const tiny = builtinImages.filter(({ name }) => name === "tiny");
  const built: LocalImage = { ...debian, sizeGib: 8, file: "debian-12.qcow2", kernelFile: "linux", ramdiskFile: "ramdisk" };
  const arm: LocalImage = { ...built, name: "arm", architecture: "arm64", virtualizations: ["hvm"] };
  await registerImages(tx, [built, ...tiny, arm]);
  await putImageAlias(tx, aliasId, "debian-12");
  await putImageAlias(tx, aliasPath, "debian-12");
}

/** Another host beside `host-a`, of the same size unless said otherwise. */
export async function addHost(tx: Tx, id: string, columns: Partial<HostRow> = {}): Promise<void> {
  const host = await tx.db.selectFrom("hosts").selectAll().where("id", "=", "host-a").executeTakeFirstOrThrow();
  await tx.db.insertInto("hosts").values({ ...host, id, ...columns }).execute();
  await syncRooms(tx);
}

/** Gives a host another size. */
export async function resizeHost(tx: Tx, id: string, size: Partial<Pick<HostRow, "vcpus" | "memory_mib">>): Promise<void> {
  await tx.db.updateTable("hosts").set(size).where("id", "=", id).execute();
  await syncRooms(tx);
}
