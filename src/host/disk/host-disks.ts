/** Disks for the guests of a real host: NBD straight from the storage node, a FUSE file of it for User-mode Linux, local files. */
import { join } from "node:path";
import type { VolumeId } from "../../base/ids.ts";
import type { PlannedDisk } from "../engine/engine.ts";
import type { DiskSpecification } from "../protocol/specification.ts";
import { attachFuseDisk, detachFuseDisk } from "./fuse-disk.ts";
import { eraseInstanceStore, makeInstanceStore } from "./instance-store.ts";
import { makeLocalRoot } from "./local-root.ts";
import type { DiskUser, MachineDisks } from "./machine-disks.ts";
import { waitForExport } from "./nbd-probe.ts";

/** After this the machine's worker is told, logs it, and tries again. */
const exportTimeoutMs = 20_000;

export const hostDisks: MachineDisks = {
  async attach(machine: DiskUser, disk: DiskSpecification, signal: AbortSignal): Promise<PlannedDisk["source"]> {
    await waitForExport(disk.endpoint, exportTimeoutMs, signal);
    if (machine.virtualization !== "paravirtual") return { kind: "nbd", ...disk.endpoint };
    const { user, disksDirectory: directory } = machine;
    const path = await attachFuseDisk({ directory, volume: disk.volume, endpoint: disk.endpoint, ...(user === undefined ? {} : { user }) }, signal);
    return { kind: "file", path, format: "raw" };
  },

  async detach(machine: DiskUser, volume: VolumeId): Promise<void> {
    await detachFuseDisk({ directory: machine.disksDirectory, volume });
  },

  async makeInstanceStore(machine: DiskUser, sizesGib: readonly number[], keep: boolean): Promise<readonly PlannedDisk["source"][]> {
    const paths = await makeInstanceStore(instanceStoreOf(machine), sizesGib, { keep, ...(machine.user === undefined ? {} : { owner: machine.user }) });
    return paths.map((path) => ({ kind: "file", path, format: "raw" }));
  },

  async makeLocalRoot(machine: DiskUser, image: string, sizeGib: number, signal: AbortSignal): Promise<PlannedDisk["source"]> {
    return { kind: "file", path: await makeLocalRoot(instanceStoreOf(machine), image, sizeGib, machine.user, signal), format: "raw" };
  },

  async eraseInstanceStore(machine: DiskUser): Promise<void> {
    await eraseInstanceStore(instanceStoreOf(machine));
  },
};

function instanceStoreOf(machine: DiskUser): string {
  return join(machine.dataDirectory, "instance-store");
}
