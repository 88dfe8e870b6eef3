import { expect, test } from "vitest";
import type { HostStatus, StatusReport } from "../status-report.ts";
import { renderHosts } from "./status.ts";

test("Hosts are shown with what is promised of them and how often their own is promised", () => {
  const host = (id: string, overcommit?: HostStatus["overcommit"]): HostStatus => ({
    id,
    state: "up",
    vcpus: { total: 32, reserved: 2 },
    memoryMib: { total: 8192, reserved: 1024 },
    diskGib: { total: 6000, reserved: 75 },
    ...(id === "joined" ? { networkMbps: { total: 10_000, reserved: 750 } } : {}),
    guests: [],
    ...(overcommit === undefined ? {} : { overcommit }),
  });
  const hosts = [host("a1", { vcpus: 16, memory: 4, disk: 100, network: 1 }), host("a2", { vcpus: 1, memory: 1, disk: 1, network: 1 }), host("joined")];
  const report: StatusReport = { version: "", url: "", images: [], regions: [{ name: "us-east-1", zones: [{ name: "us-east-1a", hosts, storageNodes: [{ id: "as", state: "up" }] }] }] };
  const cells = renderHosts(report, false).split("\n").map((line) => line.trim().split(/ {2,}/));
  expect(cells.slice(0, 4).map((row) => row.slice(1, 8))).toEqual([
    ["HOST", "STATE", "VCPUS", "MEMORY", "DISK", "NETWORK", "OVERCOMMIT"],
    ["a1", "up", "2/32", "1.0/8.0 GiB", "75.0/6000.0 GiB", "unknown", "16 × vCPUs, 4 × memory, 100 × disk"],
    ["a2", "up", "2/32", "1.0/8.0 GiB", "75.0/6000.0 GiB", "unknown", "none"],
    ["joined", "up", "2/32", "1.0/8.0 GiB", "75.0/6000.0 GiB", "0.8/10.0 Gbps", "0"],
  ]);
});

test("A host's cards and accelerators are shown, how many guests can have, or why none", () => {
  const cards = [{ device: "eth1", functions: 7 }, { device: "eth2", functions: 0, reason: "the IOMMU is off" }, { device: "nvme0", functions: 2, disksGib: [50, 50] }];
  const models = [{ model: "10de:1eb8", count: 2 }, { model: "1d0f:7064", count: 0, reason: "vfio-pci is missing" }];
  const host: HostStatus = { id: "b1", state: "up", vcpus: { total: 1, reserved: 0 }, memoryMib: { total: 1024, reserved: 0 }, cards, accelerators: { total: 2, reserved: 1, models }, guests: [] };
  const report: StatusReport = { version: "", url: "", images: [], regions: [{ name: "us-east-1", zones: [{ name: "us-east-1b", hosts: [host], storageNodes: [{ id: "bs", state: "up" }] }] }] };
  expect(renderHosts(report, false)).toContain("not probed yet, eth1: 7 virtual functions, eth2: no virtual functions (the IOMMU is off), nvme0: 2 virtual functions for local disks of 50, 50 GiB, 10de:1eb8: 2 accelerators, 1d0f:7064: no accelerators (vfio-pci is missing), 1 of them with guests");
});
