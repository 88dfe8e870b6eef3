/** The rows that an installation has before anybody calls: hosts, a pool of public addresses, images. */
import { imageOwnerAccount } from "../../src/compute/image.ts";
import type { HostDescription } from "../../src/host/protocol/report.ts";
import type { ImageRow } from "../../src/store/compute-tables.ts";
import type { Tx } from "../../src/store/store.ts";
import type { HostRow } from "../../src/store/tables.ts";

export const hvmImage = "ami-00000000000000001";
export const paravirtualImage = "ami-00000000000000002";
export const pendingImage = "ami-00000000000000003";
export const arm64Image = "ami-00000000000000004";
export const kernelImage = "aki-00000000000000001";
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
        vcpus: 16,
        memory_mib: 65_536,
        created_at: now,
        incarnation: 1,
        description: JSON.stringify(description),
        heard_at: now + 3_600_000, // heard all through the test
      }),
    ),
  );
  await tx.db.insertInto("hosts").values(hosts).execute();
  await tx.db.insertInto("settings").values({ name: "public_pool", value: "198.18.0.0/24" }).execute();
}

export async function seedImages(tx: Tx, now: number): Promise<void> {
  const images: ImageRow[] = [
    image({ id: hvmImage, name: "debian-12-hvm-x86_64", created_at: now }),
    image({ id: paravirtualImage, name: "debian-12-paravirtual-x86_64", virtualization_type: "paravirtual", root_device_name: "/dev/sda1", kernel_id: kernelImage }),
    image({ id: pendingImage, name: "tiny-hvm-x86_64", state: "pending", file: null }),
    image({ id: arm64Image, name: "arm-hvm-arm64", architecture: "arm64" }),
    image({ id: kernelImage, name: "debian-12-kernel", image_type: "kernel", virtualization_type: "paravirtual", root_device_name: "", size_gib: 0, snapshot_id: "" }),
  ];
  await tx.db.insertInto("images").values(images).execute();
  await tx.db
    .insertInto("image_aliases")
    .values([
      { alias: aliasId, image_id: hvmImage },
      { alias: aliasPath, image_id: hvmImage },
    ])
    .execute();
}

function image(columns: Pick<ImageRow, "id" | "name"> & Partial<ImageRow>): ImageRow {
  return {
    image_type: "machine",
    account: imageOwnerAccount,
    region: "*",
    description: "An image of a test",
    architecture: "x86_64",
    virtualization_type: "hvm",
    root_device_name: "/dev/xvda",
    state: "available",
    state_reason: null,
    file: `${columns.name}.raw`,
    size_gib: 8,
    snapshot_id: "snap-00000000000000001",
    kernel_id: null,
    public: 1,
    created_at: 0,
    ...columns,
  };
}
