import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { machineArguments } from "./machine-arguments.ts";
import { compileCacheDirectory } from "../compile-cache.ts";
import { programFolders, writeMachineFolder } from "./machine-folder.ts";

const computer = {
  host: "b1", cpus: 2, memoryMib: 2560, disk: "/data/machines/b1/disk.raw", tap: "port01234567", mac: "02:68:c6:13:00:03", qmpSocket: "/run/b1/qmp.sock",
  system: { kernel: "/cache/vmlinuz", initrd: "/cache/first.cpio", image: "/cache/image,1.ext4" },
  shares: { machine: "/run/b1/given", folder0: "/opt/hostelry" },
};

test("the computer of an emulated host has a processor with virtualization, its system to read, its disk to keep and the switch's port", async () => {
  const text = machineArguments({ ...computer, hasCard: true, namespaces: ["/data/machines/b1/namespace1.raw", "/data/machines/b1/namespace2.raw"] });
  await expect(`${text.join("\n")}\n`).toMatchFileSnapshot("golden/machine.txt");
});

test("the computer of an emulated host without cards has none of their devices, nor the IOMMU that would keep them apart", () => {
  const text = machineArguments({ ...computer, hasCard: false, namespaces: [] }).join(" ");
  expect(text).toContain("-cpu max,svm=on");
  expect(text).not.toMatch(/igb|nvme|iommu|pcie-root-port/);
});

test("the computer of an emulated host is told what is its own alone, and nobody else is", async () => {
  const folder = await mkdtemp(join(tmpdir(), "machine-"));
  try {
    const given = join(folder, "given");
    const shares = await writeMachineFolder(given, { host: "b1", address: "198.19.0.3/22", url: "https://198.19.0.1:8774", resolvers: ["9.9.9.9", "1.1.1.1"], cards: ["eth1", "nvme0"], token: "hjt-abc" });
    const said = execFileSync("sh", ["-c", `. ${given}/settings; echo "$host $address $url $resolvers $cards"; echo "$folders"; test -x "$node" && test -f "$program/src/main.ts" && echo runs; echo "$cache"`], { encoding: "utf8" });
    expect(said.split("\n")).toEqual(["b1 198.19.0.3/22 https://198.19.0.1:8774 9.9.9.9 1.1.1.1 eth1 nvme0", ...programFolders(), "runs", compileCacheDirectory, ""]);
    expect(Object.values(shares)).toEqual([given, ...programFolders()]);
    expect([await readFile(join(given, "token"), "utf8"), (await stat(join(given, "token"))).mode & 0o777, (await stat(given)).mode & 0o777]).toEqual(["hjt-abc", 0o600, 0o700]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
