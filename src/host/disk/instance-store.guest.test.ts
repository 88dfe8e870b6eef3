/** Local disks on a block device with a file system of its own: what one guest wrote no later guest reads, wherever its disk comes to lie. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eraseInstanceStore, makeInstanceStore } from "./instance-store.ts";

const run = promisify(execFile);
const hasDevices = existsSync("/dev/loop-control"); // some containers have no loop devices
const deviceBytes = 24 * 2 ** 20;
const mark = "an earlier guest's secret ";

let directory: string;
let device: string;
let mounted: string;

beforeEach(async () => {
  directory = await mkdtemp("/tmp/hostelry-local-");
  [device, mounted] = [join(directory, "device"), join(directory, "mounted")];
  await mkdir(mounted);
  await writeFile(device, "");
  await run("truncate", ["--size", String(deviceBytes), device]);
  await run("mkfs.ext4", ["-q", device]);
});

afterEach(async () => {
  await unmount().catch(() => "the test did");
  await rm(directory, { recursive: true, force: true });
});

const mount = (...options: readonly string[]) => run("mount", ["-o", ["loop", ...options].join(","), device, mounted]);
const unmount = () => run("umount", [mounted]);

/** A guest's local disk, in a folder of its own, with the piece at every so many bytes until the device is full; resolves to where that ended. */
async function fillDisk(guest: string, piece: Buffer, every: number): Promise<number> {
  const [path = ""] = await makeInstanceStore(join(mounted, guest), [1], { keep: false });
  await using file = await open(path, "r+");
  for (let offset = 0; ; offset += every) {
    const error = await file.write(piece, 0, piece.length, offset).then(() => undefined, (thrown: unknown) => thrown);
    if (error === undefined) continue;
    expect(error).toMatchObject({ code: "ENOSPC" });
    await file.sync();
    return offset;
  }
}

const hasMark = async () => (await readFile(device)).includes(mark);

test.runIf(hasDevices)("a later guest's disk has nothing of an earlier one's, not even beside what it writes itself", async () => {
  await mount();
  expect(await fillDisk("earlier", Buffer.alloc(2 ** 20, mark), 2 ** 20)).toBeGreaterThan(deviceBytes / 2);
  await eraseInstanceStore(join(mounted, "earlier"));
  await unmount();
  expect(await hasMark()).toBe(true); // the device itself was not told

  await mount();
  const [piece, every] = [Buffer.alloc(512, "x"), 8_192]; // of each second page of the file a part
  const end = await fillDisk("later", piece, every);
  await unmount();
  await mount(); // nothing comes from memory
  await using file = await open(join(mounted, "later", "ephemeral0.raw"));
  const { buffer: content } = await file.read(Buffer.alloc(end), 0, end, 0);
  expect(content.equals(Buffer.alloc(end, Buffer.concat([piece, Buffer.alloc(every - piece.length)])))).toBe(true);
  expect(end).toBeGreaterThan(deviceBytes / 2);
  await file.close();
});

test.runIf(hasDevices)("a device that takes back blocks has none of them any more", async () => {
  await mount("discard");
  await fillDisk("earlier", Buffer.alloc(2 ** 20, mark), 2 ** 20);
  await run("sync", ["--file-system", mounted]);
  expect(await hasMark()).toBe(true);
  await eraseInstanceStore(join(mounted, "earlier"));
  await run("sync", ["--file-system", mounted]);
  await expect.poll(hasMark).toBe(false); // the kernel gives blocks back a little later
});
