import { describe, expect, it } from "vitest";
import type { MachinePlan } from "../engine.ts";
import { machineUuid, qemuArguments } from "./qemu-arguments.ts";

const volume = "vol-0a1b2c3d4e5f60718";
const plan: MachinePlan = {
  id: "i-0123456789abcdef0",
  runDirectory: "/run/hostelry/ab12cd/hosts/a1/i-0123456789abcdef0",
  consoleFile: "/var/lib/hostelry/hosts/a1/i-0123456789abcdef0/console",
  user: { uid: 612_345_678, gid: 612_345_678 },
  instanceType: "t3.micro",
  vcpus: 2,
  memoryMib: 1024,
  diskBus: "nvme",
  disks: [
    { volume, device: "/dev/xvda", root: true, source: { kind: "nbd", address: "100.64.0.3", port: 10_809, exportName: `${volume}.0f1e2d` } },
    { volume: "ephemeral0", device: "/dev/sdb", root: false, source: { kind: "file", path: "/var/lib/hostelry/a,b.raw", format: "raw" } },
  ],
  interfaces: [
    { id: "eni-0aa", mac: "0a:ff:00:00:00:01", tap: "tap0aa" },
    { id: "eni-0bb", mac: "0a:ff:00:00:00:02", tap: "tap0bb" },
  ],
};

describe("QEMU's command line", () => {
  it("emulates, boots the root disk over NBD, and shows EC2's DMI", async () => {
    await expect(lines(qemuArguments(plan, "tcg", "Some Processor"))).toMatchFileSnapshot("golden/tcg-nvme.txt");
  });

  it("uses the host's processor with KVM, and virtio disks for older types", async () => {
    await expect(lines(qemuArguments({ ...plan, diskBus: "virtio" }, "kvm", "AMD EPYC"))).toMatchFileSnapshot("golden/kvm-virtio.txt");
  });

  it("shares its memory with those who serve its disks, each in the slot of its letter", async () => {
    await expect(lines(qemuArguments({ ...plan, diskBus: "slots" }, "tcg", "Some Processor"))).toMatchFileSnapshot("golden/tcg-slots.txt");
  });

  it("plays a machine of arm64 with UEFI firmware and a port for each slot", async () => {
    const args = qemuArguments({ ...plan, architecture: "arm64", instanceType: "t4g.micro" }, "tcg", "Some Processor");
    await expect(lines(args)).toMatchFileSnapshot("golden/arm64.txt");
    expect(qemuArguments({ ...plan, architecture: "arm64", kernel: { file: "/k", commandLine: "" } }, "tcg", "")).not.toContain("-bios");
  });

  it("hands a virtual function over in the place of a tap", () => {
    const args = qemuArguments({ ...plan, interfaces: [{ id: "eni-0aa", mac: "0a:ff:00:00:00:01", tap: "tap0aa", cardFunction: "0000:01:10.0" }] }, "kvm", "");
    expect([args.at(-1), args.includes("-netdev")]).toEqual(["vfio-pci,id=nic-eni-0aa,host=0000:01:10.0,rombar=0,addr=0x5", false]);
  });

  it("plays a network card where one is asked for, on the same tap", () => {
    const args = qemuArguments({ ...plan, interfaces: [{ id: "eni-0aa", mac: "0a:ff:00:00:00:01", tap: "tap0aa", emulatedCard: true }] }, "tcg", "");
    expect(args.slice(-4)).toEqual(["-netdev", "tap,id=net-eni-0aa,ifname=tap0aa,script=no,downscript=no", "-device", "e1000,id=nic-eni-0aa,netdev=net-eni-0aa,mac=0a:ff:00:00:00:01,romfile=,addr=0x5"]);
  });

  it("hands accelerators over, behind all other devices", () => {
    const args = qemuArguments({ ...plan, accelerators: ["0000:01:00.0", "0000:02:00.0"] }, "kvm", "");
    expect(args.slice(-4)).toEqual(["-device", "vfio-pci,id=accelerator-0,host=0000:01:00.0,addr=0x9", "-device", "vfio-pci,id=accelerator-1,host=0000:02:00.0,addr=0xa"]);
    expect(args.filter((word) => word.endsWith("addr=0x8")), "the last interface").toHaveLength(1);
  });

  it("hands a virtual function over in the place of a local disk", () => {
    const [root, local] = plan.disks;
    const disks = root === undefined || local === undefined ? [] : [root, { ...local, source: { kind: "function", address: "0000:02:00.1" } as const }];
    const args = qemuArguments({ ...plan, disks, interfaces: [] }, "kvm", "");
    expect([args.at(-1), args.filter((each) => each === "-blockdev").length]).toEqual(["vfio-pci,id=disk-ephemeral0,host=0000:02:00.1,rombar=0,addr=0x6", 1]);
  });

  it("boots a kernel of its own when the plan names one", () => {
    const args = qemuArguments({ ...plan, disks: [], interfaces: [], kernel: { file: "/k", initrd: "/i", commandLine: "a=1 b" } }, "tcg", "");
    expect(args.slice(-6)).toEqual(["-kernel", "/k", "-initrd", "/i", "-append", "a=1 b"]);
  });

  it("gives an instance the same UUID always, beginning with ec2", () => {
    expect(machineUuid("i-0123456789abcdef0")).toMatch(/^ec2[0-9a-f]{5}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(machineUuid("i-0123456789abcdef0")).toBe(machineUuid("i-0123456789abcdef0"));
    expect(machineUuid("i-0123456789abcdef0")).not.toBe(machineUuid("i-0123456789abcdef1"));
  });
});

/** One option a line. */
function lines(args: readonly string[]): string {
  return `${args.join("\n").replaceAll(/\n(?!-)/g, " ")}\n`;
}
