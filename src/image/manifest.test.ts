import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listImages, parseManifest, readManifest, writeManifest } from "./manifest.ts";
import type { ImageManifest } from "./manifest.ts";

const tiny: ImageManifest = {
  name: "tiny",
  description: "Debian kernel, busybox, dropbear",
  architecture: "x86_64",
  file: "tiny-0123456789ab.qcow2",
  format: "qcow2",
  sizeGib: 1,
  digest: `sha256:${"0123456789abcdef".repeat(4)}`,
  virtualizations: ["hvm", "paravirtual"],
  rootDevice: "/dev/xvda",
  loginUser: "admin",
  createdAt: "2026-01-01T00:00:00.000Z",
  packages: { bash: "5.2.15-2+b13" },
  kernelFile: "kernels/uml-6.1.176",
  probeKernelFile: "kernels/vmlinuz-6.1.0-56-cloud-amd64",
};

let directory = "";
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "manifest-"))));
afterEach(() => rm(directory, { recursive: true }));

test("a manifest that was written is read back whole, and nothing else is left in the folder", async () => {
  await writeManifest(directory, tiny);
  expect({ manifest: await readManifest(directory, "tiny"), files: await readdir(directory) }).toEqual({ manifest: tiny, files: ["tiny.json"] });
});

test("images are listed by name, and a file that is no manifest is passed over and told", async () => {
  await writeManifest(directory, { ...tiny, name: "zebra" });
  await writeManifest(directory, tiny);
  await writeFile(join(directory, "broken.json"), "{");
  await writeFile(join(directory, "other.json"), JSON.stringify(tiny));
  const defects: string[] = [];
  const images = await listImages(directory, (file) => defects.push(file));
  expect({ names: images.map(({ name }) => name), defects }).toEqual({ names: ["tiny", "zebra"], defects: ["broken.json", "other.json"] });
});

test("a folder that does not exist has no images", async () => {
  expect(await listImages(join(directory, "absent"))).toEqual([]);
});

test.each([
  ["JSON", "tiny"],
  ["JSON object", "[]"],
  ["name", { ...tiny, name: "../tiny" }],
  ["file", { ...tiny, file: "../../etc/shadow" }],
  ["file", { ...tiny, file: "folder/disk.qcow2" }],
  ["format", { ...tiny, format: "vmdk" }],
  ["sizeGib", { ...tiny, sizeGib: 0.5 }],
  ["digest", { ...tiny, digest: "sha256:abc" }],
  ["virtualizations", { ...tiny, virtualizations: [] }],
  ["kernelFile", { ...tiny, kernelFile: "kernels/../../uml" }],
  ["packages", { ...tiny, packages: { bash: 5 } }],
  ["createdAt", { ...tiny, createdAt: "yesterday" }],
])("a manifest whose %s is wrong is refused, and the message says so", (wrong, manifest) => {
  expect(() => parseManifest(typeof manifest === "string" ? manifest : JSON.stringify(manifest))).toThrow(wrong);
});
