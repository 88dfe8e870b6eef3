import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eraseInstanceStore, makeInstanceStore } from "./instance-store.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "instance-store-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function write(path: string | undefined, text: string): Promise<void> {
  await using file = await open(path ?? "", "r+");
  await file.write(text, 0);
}

/** The first bytes of a disk of a gigabyte. */
async function begin(path: string | undefined): Promise<string> {
  await using file = await open(path ?? "", "r");
  return (await file.read(Buffer.alloc(4), 0, 4, 0)).buffer.toString();
}

test("a run's local disks are empty, whatever an earlier run left there", async () => {
  const [before] = await makeInstanceStore(directory, [1], { keep: false });
  await write(before, "left");
  const [after] = await makeInstanceStore(directory, [1], { keep: false });
  expect(await begin(after)).toBe("\0\0\0\0");
});

test("disks that are kept have their content and their size", async () => {
  const [before] = await makeInstanceStore(directory, [1, 2], { keep: false });
  await write(before, "kept");
  const [after, second] = await makeInstanceStore(directory, [1, 2], { keep: true });
  await using file = await open(second ?? "", "r");
  expect([await begin(after), (await file.stat()).size]).toEqual(["kept", 2 ** 31]);
});

test("nothing is left after erasing", async () => {
  const [path] = await makeInstanceStore(directory, [1], { keep: false });
  await eraseInstanceStore(directory);
  await expect(readFile(path ?? "")).rejects.toMatchObject({ code: "ENOENT" });
});
