/** A virtual function in the hands of `vfio-pci`, for the user that a guest's engine runs as. */
import { chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TerminalError } from "../../base/errors.ts";
import { ignoreFailedCommand, runCommand } from "../network/command.ts";
import { deviceFolder, pciFolder, readHolding } from "./physical-functions.ts";

export interface FunctionUser {
  readonly uid: number;
  readonly gid: number;
}

/** Once, before any is handed over. That a module is missing is said of the card. */
export async function loadVfio(): Promise<void> {
  await runCommand("modprobe", ["-a", "vfio-pci", "vfio_iommu_type1"]).catch(ignoreFailedCommand);
}

/** A guest with a device has all its memory locked; engines inherit the agent's limit. */
export async function allowLockedMemory(): Promise<void> {
  await runCommand("prlimit", ["--pid", String(process.pid), "--memlock=unlimited:unlimited"]);
}

/** The host has no use for their drivers. */
export async function makeFunctions(card: string, count: number, pci = pciFolder): Promise<void> {
  await writeFile(join(deviceFolder(card, pci), "sriov_drivers_autoprobe"), "0");
  await writeFile(join(deviceFolder(card, pci), "sriov_numvfs"), String(count));
}

/** Lets the user open it; absent: the agent alone. Fails with a TerminalError when it is gone. `root`: where `sys` and `dev` are. */
export async function handOver(address: string, user: FunctionUser | undefined, root = "/"): Promise<void> {
  const pci = join(root, pciFolder);
  const { driver, group } = readHolding(address, pci);
  if (group === undefined) throw new TerminalError(`The virtual function ${address} is gone.`);
  const folder = deviceFolder(address, pci);
  await writeFile(join(folder, "driver_override"), "vfio-pci");
  if (driver !== undefined && driver !== "vfio-pci") await writeFile(join(folder, "driver", "unbind"), address);
  if (driver !== "vfio-pci") await writeFile(join(pci, "drivers_probe"), address);
  if (readHolding(address, pci).driver !== "vfio-pci") throw new Error(`${address} could not be handed to vfio-pci`);
  if (user !== undefined) await chown(groupDevice(group.id, root), user.uid, user.gid);
}

/** Also when it is gone. */
export async function takeBack(address: string, root = "/"): Promise<void> {
  const { group } = readHolding(address, join(root, pciFolder));
  if (group !== undefined) await chown(groupDevice(group.id, root), 0, 0).catch(() => {}); // the card went with it
}

function groupDevice(group: string, root: string): string {
  return join(root, "dev/vfio", group);
}
