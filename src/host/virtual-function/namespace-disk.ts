/** A namespace as the host's own disk, while it is attached to the host's end of the controller. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const [appearMs, lookMs] = [20_000, 50];
/** A disk is looked at in so many places, evenly spread, its two ends among them; to read all of it takes as long as to write it. */
const [mostPlaces, placeBytes] = [64, 64 * 1024];

/** The block device's path. Rejects when none appears. `root`: where `sys` and `dev` are. */
export async function waitForDisk(controller: string, namespace: number, root = "/"): Promise<string> {
  for (const deadline = performance.now() + appearMs; performance.now() < deadline; await delay(lookMs)) {
    const name = findDisk(controller, namespace, root);
    if (name !== undefined && existsSync(join(root, "dev", name))) return join(root, "dev", name);
  }
  throw new Error(`namespace ${namespace} of ${controller} has not become a disk of the host`);
}

/** A controller that shares its namespaces has its disks in the folder of its subsystem. */
function findDisk(controller: string, namespace: number, root: string): string | undefined {
  const subsystems = join(root, "sys/class/nvme-subsystem");
  const shared = existsSync(subsystems) ? readdirSync(subsystems).map((name) => join(subsystems, name)).filter((folder) => existsSync(join(folder, controller))) : [];
  for (const folder of [join(root, "sys/class/nvme", controller), ...shared]) {
    const name = readdirSync(folder).find((each) => /^nvme\d+n\d+$/.test(each) && readNumber(join(folder, each, "nsid")) === namespace);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** Whether the disk has nothing but zeroes in all the places that are looked at. */
export async function looksEmpty(path: string, bytes: number): Promise<boolean> {
  await using file = await open(path, "r");
  const last = Math.max(0, bytes - placeBytes);
  const places = Math.max(2, Math.min(mostPlaces, Math.ceil(bytes / placeBytes)));
  for (let place = 0; place < places; place++) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(placeBytes), 0, placeBytes, Math.floor((last * place) / (places - 1) / 4096) * 4096);
    if (bytesRead === 0 || buffer.subarray(0, bytesRead).some((byte) => byte !== 0)) return false;
  }
  return true;
}

function readNumber(path: string): number | undefined {
  return existsSync(path) ? Number(readFileSync(path, "utf8")) : undefined;
}
