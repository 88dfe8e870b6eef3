import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { manualClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { ImportRefusedError, importImage } from "./import-image.ts";
import { listImages } from "./manifest.ts";
import { masterBootRecord } from "./master-boot-record.ts";

let directory = "";
let images = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "import-"));
  images = join(directory, "images");
});
afterEach(() => rm(directory, { recursive: true }));

const qemuImg = (...args: string[]) => execFileSync("qemu-img", args, { stdio: "pipe" });

function hasQemuImg(): boolean {
  try {
    return qemuImg("--version").length > 0;
  } catch {
    return false;
  }
}

async function writeDisk(name: string, mib: number, bootable = true): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, bootable ? masterBootRecord({ bootCode: Buffer.from([0xeb, 0xfe]), signature: 1, startSector: 2048, sectors: 2048 }) : "no boot record");
  await truncate(file, mib * 1024 ** 2);
  return file;
}

function importAs(file: string, name: string) {
  return importImage(file, name, { imagesDirectory: images, progress: () => undefined, log: silentLog, signal: new AbortController().signal, clock: manualClock() });
}

/** What the refusal says; the folder must be as if nobody had asked. */
async function refusalOf(file: string, name = "mine"): Promise<string> {
  const error: unknown = await importAs(file, name).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ImportRefusedError);
  expect(await readdir(images).catch(() => [])).toEqual([]);
  return error instanceof ImportRefusedError ? `${error.message}; ${error.remedy}` : "";
}

describe.skipIf(!hasQemuImg())("importing a disk file (needs qemu-img)", () => {
  test.each(["raw", "qcow2", "vmdk"])("a %s disk becomes an hvm image, its size rounded up to whole GiB", async (format) => {
    const raw = await writeDisk("disk.raw", 1500);
    const file = join(directory, `disk.${format}`);
    if (format !== "raw") qemuImg("convert", "-O", format, raw, file);
    const manifest = await importAs(file, "mine");
    expect(manifest).toMatchObject({ name: "mine", format: "qcow2", sizeGib: 2, virtualizations: ["hvm"], loginUser: "admin", createdAt: "2026-01-01T00:00:00.000Z", packages: {} });
    const info: unknown = JSON.parse(qemuImg("info", "--output=json", join(images, manifest.file)).toString());
    expect(info).toMatchObject({ format: "qcow2", "virtual-size": 2 * 1024 ** 3 });
    expect(await listImages(images)).toEqual([manifest]);
  });

  test("a file that is not there, a folder and a name that cannot be one are refused", async () => {
    expect(await refusalOf(join(directory, "absent"))).toContain("there is no file");
    expect(await refusalOf(directory)).toContain("is not a file");
    expect(await refusalOf(await writeDisk("disk.raw", 2), "../mine")).toContain("cannot be an image's name");
  });

  test("a file without a boot record is refused, as a compressed download would be", async () => {
    expect(await refusalOf(await writeDisk("disk.xz", 2, false))).toContain("unpacked if it was compressed");
  });

  test("a file too small to be a disk is refused", async () => {
    const file = join(directory, "page.html");
    await writeFile(file, "<html>not found</html>");
    expect(await refusalOf(file)).toContain("smaller than 1 MiB");
  });

  test("a damaged qcow2 file is refused", async () => {
    const file = join(directory, "cut.qcow2");
    await writeFile(file, Buffer.concat([Buffer.from("QFI\xfb\0\0\0\x09", "latin1"), Buffer.alloc(2 * 1024 ** 2, 0xff)]));
    expect(await refusalOf(file)).toContain("cannot read the file as a disk");
  });

  test("a disk that depends on another file is refused, whatever file that would be", async () => {
    const base = await writeDisk("base.raw", 2);
    const overlay = join(directory, "overlay.qcow2");
    qemuImg("create", "-q", "-f", "qcow2", "-F", "raw", "-b", base, overlay);
    expect(await refusalOf(overlay)).toContain("depends on another file");
    const flat = join(directory, "flat.vmdk");
    qemuImg("convert", "-O", "vmdk", "-o", "subformat=monolithicFlat", base, flat);
    expect(await refusalOf(flat)).toContain("depends on another file");
  });

  test("a name that is taken is refused, and the image that has it stays as it was", async () => {
    const first = await importAs(await writeDisk("first.raw", 2), "mine");
    await expect(importAs(await writeDisk("second.raw", 3), "mine")).rejects.toThrow("exists already");
    expect(await listImages(images)).toEqual([first]);
  });
});
