/**
 * Disks for the guests of a real host: NBD straight from the storage node, and shared memory where that is on the same machine (`guest-socket.ts`), a FUSE file of it
 * for kernels of User-mode Linux without virtio. Local disks are virtual functions of the host's NVMe controllers where those have one for each, else files: the
 * guest sees NVMe disks of the same size either way, and `inspect` says which.
 */
import { join } from "node:path";
import type { VolumeId } from "../../base/ids.ts";
import type { PlannedDisk } from "../engine/engine.ts";
import type { DiskSpecification } from "../protocol/specification.ts";
import { attachFuseDisk, detachFuseDisk } from "./fuse-disk.ts";
import { findGuestSocket, volumeSockets } from "./guest-socket.ts";
import { noStorageFunctions } from "../virtual-function/storage-pool.ts";
import { eraseInstanceStore, makeInstanceStore } from "./instance-store.ts";
import { makeLocalRoot } from "./local-root.ts";
import type { DiskUser, MachineDisks } from "./machine-disks.ts";
import { waitForExport } from "./nbd-probe.ts";

/** After this the machine's worker is told, logs it, and tries again. */
const exportTimeoutMs = 20_000;

/** `socketsDirectory`: where storage nodes of this machine have their guests' sockets. */
export const hostDisks = (socketsDirectory: string, functions = noStorageFunctions): MachineDisks => ({
  async attach(machine: DiskUser, disk: DiskSpecification, signal: AbortSignal): Promise<PlannedDisk["source"]> {
    await waitForExport(disk.endpoint, exportTimeoutMs, signal);
    if (!machine.readsFiles) {
      const socket = await findGuestSocket(volumeSockets(socketsDirectory, disk.volume), disk.endpoint.exportName);
      return { kind: "nbd", ...disk.endpoint, ...(socket === undefined ? {} : { socket }) };
    }
    const { user, disksDirectory: directory } = machine;
    const path = await attachFuseDisk({ directory, volume: disk.volume, endpoint: disk.endpoint, ...(user === undefined ? {} : { user }) }, signal);
    return { kind: "file", path, format: "raw" };
  },

  async detach(machine: DiskUser, volume: VolumeId): Promise<void> {
    await detachFuseDisk({ directory: machine.disksDirectory, volume });
  },

  async makeInstanceStore(machine: DiskUser, sizesGib: readonly number[], keep: boolean): Promise<readonly PlannedDisk["source"][]> {
    const { id, user, functionsWithMib: memoryMib } = machine;
    if (sizesGib.length > 0 && memoryMib !== undefined) {
      const addresses = await functions.take({ id, memoryMib, ...(user === undefined ? {} : { user }) }, sizesGib, keep);
      if (addresses !== undefined) return addresses.map((address) => ({ kind: "function", address }));
    }
    const paths = await makeInstanceStore(instanceStoreOf(machine), sizesGib, { keep, ...(user === undefined ? {} : { owner: user }) });
    return paths.map((path) => ({ kind: "file", path, format: "raw" }));
  },

  async makeLocalRoot(machine: DiskUser, image: string, sizeGib: number, signal: AbortSignal): Promise<PlannedDisk["source"]> {
    return { kind: "file", path: await makeLocalRoot(instanceStoreOf(machine), image, sizeGib, machine.user, signal), format: "raw" };
  },

  async eraseInstanceStore(machine: DiskUser): Promise<void> {
    await functions.release(machine.id);
    await eraseInstanceStore(instanceStoreOf(machine));
  },
});

function instanceStoreOf(machine: DiskUser): string {
  return join(machine.dataDirectory, "instance-store");
}
