import { expect, test } from "vitest";
import { devicePlace, isDeviceName } from "./device-name.ts";

test("Device names are those that the guest's virtualization allows", () => {
  const names = ["/dev/sda1", "/dev/sdf", "sdf", "xvdf", "/dev/xvda", "/dev/xvdba", "/dev/xvddx", "/dev/xvddy", "/dev/xvdea", "/dev/sdf1", "/dev/sdf15", "/dev/sdf16", "/dev/hda1", "/dev/nvme1n1", "C:", "/dev/sd", ""];
  const allowed = (virtualization: "hvm" | "paravirtual") => names.filter((name) => isDeviceName(name, virtualization));
  expect(allowed("hvm")).toEqual(["/dev/sda1", "/dev/sdf", "sdf", "xvdf", "/dev/xvda", "/dev/xvdba", "/dev/xvddx"]);
  expect(allowed("paravirtual")).toEqual(["/dev/sda1", "/dev/sdf", "sdf", "xvdf", "/dev/xvda", "/dev/sdf1", "/dev/sdf15", "/dev/hda1"]);
});

test("Names of one place are one", () => {
  expect(["/dev/sdf", "sdf", "/dev/xvdf", "/dev/hdf"].map(devicePlace)).toEqual(["xvdf", "xvdf", "xvdf", "xvdf"]);
  expect(devicePlace("/dev/sda1")).not.toBe(devicePlace("/dev/sda2"));
});
