import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bandwidthOf, bytesOfLocalDisks, measureMachine, readCardSpeeds } from "./measure-machine.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "hostelry-machine-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function file(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

/** A network device as Linux shows it; without a bus no device is behind it. */
function makeCard(name: string, speed: string, bus?: string, isPart = false): void {
  file(`net/${name}/speed`, `${speed}\n`);
  if (bus === undefined) return;
  mkdirSync(join(root, "devices", `of-${name}`), { recursive: true });
  symlinkSync(`../../devices/of-${name}`, join(root, "net", name, "device"));
  symlinkSync(`../../bus/${bus}`, join(root, "net", name, "device", "subsystem"));
  if (isPart) file(`devices/of-${name}/physfn/class`, "0x020000\n");
}

test("The network is as fast as the machine's cards together, as far as they say how fast they are, each once", () => {
  const view = () => readCardSpeeds(join(root, "net"));
  expect(bandwidthOf(view()), "a machine without network").toBeUndefined();
  makeCard("lo", "");
  makeCard("tap0", "10000");
  makeCard("eth9", "-1", "virtio");
  makeCard("eth1", "-1", "pci"); // no cable
  expect(bandwidthOf(view())).toBeUndefined();
  makeCard("eth2", "10000", "pci");
  makeCard("eth3", "1000", "pci");
  makeCard("eth2v0", "10000", "pci", true);
  expect([...view()]).toEqual([["of-eth2 eth2", 10_000], ["of-eth3 eth3", 1000]]);
  expect(bandwidthOf(view(), view(), new Map([["0000:01:00.0 eth2", 100]])), "seen from two namespaces").toBe(11_100);
});

test("What is written of local disks counts as room for them, as what is free does", async () => {
  expect(await bytesOfLocalDisks(root)).toBe(0);
  file("hosts/a1/machines/i-1/instance-store/ephemeral0.raw", Buffer.alloc(2 ** 20, 1));
  file("hosts/b1/machines/i-2/instance-store/root.raw", Buffer.alloc(2 ** 20, 1));
  file("hosts/b1/machines/i-2/console.log", Buffer.alloc(2 ** 20, 1));
  truncateSync(join(root, "hosts/a1/machines/i-1/instance-store/ephemeral0.raw"), 2 ** 40);
  const bytes = await bytesOfLocalDisks(root);
  expect([bytes >= 2 * 2 ** 20, bytes < 3 * 2 ** 20]).toEqual([true, true]);
  expect((await measureMachine(root)).diskGib).toBeGreaterThanOrEqual(0);
});
