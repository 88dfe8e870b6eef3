import { expect, test } from "vitest";
import { workloadParts } from "../../host/workload/workload-script.ts";
import type { HostStatus } from "../status-report.ts";
import { renderBars } from "./bars.ts";
import { chooseSpot, reportDevices } from "./virt-devices.ts";
import { plotVirt, reportVirt, type GuestMeasured } from "./virt-report.ts";

const scores = (perSecond: number) => workloadParts.map(({ name }) => ({ name, units: 100, perSecond }));
const rest = { process: { userProcessors: 0.1, kernelProcessors: 0.02, waitedProcessors: 0, threads: 1, residentBytes: 300 * 2 ** 20, sharedBytes: 0 } };
const guest = (host: string, perSecond: number): GuestMeasured => ({ host, scores: scores(perSecond), connectMs: 0.4, mbitPerSecond: 800, bootMs: 4_310, inspection: rest });
const none = { total: 0, reserved: 0 };
const loopback = { connectMs: 0.1, mbitPerSecond: 10_000 };

test("A guest's figures are shown as shares of the native ones", () => {
  const figures = { natives: new Map([["a1", scores(1000)]]), loopback, measured: new Map([["emulated", guest("a1", 50)]] as const) };
  const text = reportVirt(figures);
  expect(text.split("\n")[2]).toMatch(/^\| integer .*\| 1000 +\| 0\.050 +\|$/);
  expect(text).toContain("| 4.31 s");
  expect(plotVirt(figures)).toContain(">0.050</text>");
});

test("A guest on another host is compared with that, and exits have a table of their own", () => {
  const assisted = { ...guest("b1", 50), exits: [{ what: "disk", unit: "4 KiB write", perUnit: 2.125 }] };
  const figures = { natives: new Map([["a1", scores(1000)], ["b1", scores(100)]]), loopback, measured: new Map([["emulated", guest("a1", 50)], ["hardware", assisted]] as const) };
  const [work = "", exits = ""] = reportVirt(figures).split("\n\n");
  expect(work.split("\n")[0]).toMatch(/native on a1, a second \| native on b1, a second \| emulated on a1, native = 1 \| hardware on b1, native = 1 \|$/);
  expect(work.split("\n")[2]).toMatch(/\| 1000 +\| 100 +\| 0\.050 +\| 0\.50 +\|$/);
  expect(exits.split("\n")[2]).toMatch(/^\| disk +\| 4 KiB write \| 2\.1 +\|$/);
  const unmeasured = { ...figures, natives: new Map([["a1", scores(1000)]]) };
  expect(() => reportVirt(unmeasured)).toThrow("integer was not measured");
});

test("Network devices have a row each, with exits where they are counted, and the reason where there is none", () => {
  const counted = [{ networking: "e1000", host: "b1", roundTripMs: [3, 9, 2], mbitPerSecond: [80], exitsOfRoundTrip: [14, 12.06], registersOfRoundTrip: [9, 9.5, 1], exitsOfMib: [9_000] }] as const;
  const assisted = reportDevices({ virtualization: "hardware", rows: counted });
  expect(assisted.split("\n")[2]).toMatch(/^\| e1000 +\| registers of a card, played +\| b1 +\| 3\.00 ms +\| 80\.0 +\| 13\.0 +\| 9\.0 +\| 9000 +\|$/);
  const emulated = reportDevices({ virtualization: "emulated", rows: [{ networking: "tap", host: "a1", roundTripMs: [0.5], mbitPerSecond: [700], exitsOfRoundTrip: [], registersOfRoundTrip: [], exitsOfMib: [] }], withoutFunction: "no card" });
  expect(emulated).not.toContain("exits");
  expect(emulated.split("\n").at(-1)).toMatch(/^\| virtual function +\| absent: no card/);
});

test("Network devices are compared where a host has a card for it, else without virtual functions, and at least under emulation", () => {
  const works = (hardware: boolean) => ({ emulated: { works: true, engine: "x" }, paravirtual: { works: true, engine: "x" }, hardware: { works: hardware, engine: "x" } });
  const host = (id: string, hardware: boolean, cards?: HostStatus["cards"]): HostStatus => ({ id, state: "up", vcpus: none, memoryMib: none, engines: works(hardware), guests: [], ...(cards === undefined ? {} : { cards }) });
  const statusOf = (...hosts: readonly HostStatus[]) => ({ regions: [{ name: "r", zones: hosts.map((each) => ({ name: each.id, hosts: [each], storageNodes: [] })) }] });
  const disks = { device: "nvme0", functions: 2, disksGib: [50] };
  expect(chooseSpot(statusOf(host("a", true), host("b", true, [disks, { device: "eth1", functions: 7 }])))).toEqual({ virtualization: "hardware", zone: "b" });
  expect(chooseSpot(statusOf(host("a", false), host("b", true, [disks])))).toEqual({ virtualization: "hardware", zone: "b", withoutFunction: "no such host has a card that splits itself" });
  expect(chooseSpot(statusOf(host("b", true, [{ device: "eth1", functions: 0, reason: "the IOMMU is off" }])))).toMatchObject({ withoutFunction: "the IOMMU is off" });
  expect(chooseSpot(statusOf(host("a", false)))).toEqual({ virtualization: "emulated", withoutFunction: "no host runs hardware-assisted guests" });
});

test("A chart has a bar for each value that is there, within its scale", () => {
  const svg = renderBars({ title: "a < b", groups: ["x", "y"], series: [{ name: "s", color: "#123456", values: [0.5, undefined] }], least: 0.01, most: 1 });
  expect([svg.match(/fill="#123456"/g)?.length, svg.includes("a &lt; b"), svg.includes(">0.50<")]).toEqual([2, true, true]);
});
