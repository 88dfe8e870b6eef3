import { describe, expect, it } from "vitest";
import type { MachinePlan } from "../engine/engine.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import { connectionText, decideMachine, interfaceText, type MachineView } from "./decide-machine.ts";
import { freshRecord, type MachineRecord } from "./machine-record.ts";
import { diskOf, firstInterface, interfaceOf, machineOf, rootVolume } from "./testing/specifications.ts";

const nowMs = 1_000_000;
const nic = interfaceOf(firstInterface);
const root = diskOf(rootVolume, { device: "/dev/xvda", root: true });
const extra = diskOf("vol-0123456789abcdef1");

const plan: MachinePlan = {
  id: machineOf().id,
  runDirectory: "/run/i",
  consoleFile: "/data/console.log",
  vcpus: 1,
  memoryMib: 512,
  disks: [{ volume: rootVolume, device: "/dev/xvda", root: true, source: { kind: "file", path: "/d", format: "raw" } }],
  interfaces: [{ id: firstInterface, mac: nic.mac, tap: "t0" }],
  diskBus: "virtio",
};
const up: MachineRecord = { ...freshRecord, phase: "running", run: 1, plan, planGeneration: 1, announced: true, disks: [root], interfaces: [firstInterface] };

interface Case {
  readonly specification?: Partial<MachineSpecification>;
  readonly record?: Partial<MachineRecord>;
  readonly view?: Partial<MachineView>;
}

/** A machine that runs as specified, but for what the case says. */
function step({ specification: change = {}, record = {}, view = {} }: Case) {
  const specification = machineOf(change);
  return decideMachine({
    specification,
    record: { ...up, ...record },
    engine: "alive",
    ready: {
      disks: new Set([rootVolume]),
      instanceStore: true,
      interfaces: new Map([[firstInterface, interfaceText(nic)]]),
      connected: new Map([[firstInterface, connectionText(nic, specification)]]),
    },
    heard: false,
    rebooting: false,
    restarted: false,
    parking: false,
    confirmed: true,
    postponed: new Set(),
    nowMs,
    ...view,
  });
}

const down: Case["record"] = { ...freshRecord, phase: "down" };
const starting: Case["record"] = { phase: "starting", planGeneration: 1 };
const cutOff = { cause: "engine", reason: "The guest's process ended while its host was not watching." };
const connected = { interfaces: new Map([[firstInterface, interfaceText(nic)]]), connected: new Map([[firstInterface, connectionText(nic, machineOf())]]) };
const nothingReady = { disks: new Set<string>(), instanceStore: false, interfaces: new Map(), connected: new Map() };

describe("a machine that is down", () => {
  it.each<[string, Case, object]>([
    ["begins a run that was never begun", { record: down }, { do: "begin" }],
    ["begins nothing before the control plane has spoken", { record: down, view: { confirmed: false } }, { do: "rest" }],
    ["begins nothing while the installation goes down", { record: down, view: { parking: true } }, { do: "rest" }],
    ["does not begin a run again that its guest ended", { record: { ...down, run: 1, end: { cause: "guest" } } }, { do: "rest" }],
    ["does not begin a run again whose engine died", { record: { ...down, run: 1, end: { cause: "engine" } } }, { do: "rest" }],
    ["begins the next run", { specification: { run: 2 }, record: { ...down, run: 1 } }, { do: "begin" }],
    ["begins a parked run again", { record: { ...down, run: 1, parked: true } }, { do: "begin" }],
    ["calls a run off that is not wanted any more", { specification: { want: "stopped" }, record: down }, { do: "call-off" }],
    ["calls a parked run off that is not wanted any more", { specification: { want: "stopped" }, record: { ...down, run: 1, parked: true } }, { do: "call-off" }],
    ["is buried when it should be absent", { specification: { want: "absent" }, record: down }, { do: "bury" }],
  ])("%s", (_name, given, expected) => expect(step({ view: { engine: "none" }, ...given, ...(given.view ? { view: { engine: "none", ...given.view } } : {}) })).toEqual(expected));
});

describe("a machine that starts", () => {
  it.each<[string, Case, object]>([
    ["first looks for an engine that an earlier agent started", { record: starting, view: { engine: "unknown" } }, { do: "find-engine" }],
    ["adopts that engine", { record: starting, view: { engine: "alive" } }, { do: "note-running" }],
    ["prepares its interfaces while the storage node makes its volumes", { record: starting, view: { engine: "none", ready: nothingReady } }, { do: "prepare-interface", nic }],
    ["connects them before the guest can look for its address", { record: starting, view: { engine: "none", ready: { ...nothingReady, interfaces: new Map([[firstInterface, interfaceText(nic)]]) } } }, { do: "connect-interface", nic }],
    ["prepares its disks", { record: starting, view: { engine: "none", ready: { ...nothingReady, ...connected, instanceStore: true } } }, { do: "prepare-disk", disk: root }],
    ["is begun anew after a restart of the physical machine", { record: starting, view: { engine: "none", restarted: true } }, { do: "note-end", end: cutOff, park: true }],
    ["then starts its engine", { record: starting, view: { engine: "none" } }, { do: "start-engine" }],
    ["gives up when it should stop", { specification: { want: "stopped" }, record: starting, view: { engine: "none" } }, { do: "note-end", end: { cause: "requested" }, park: false }],
    ["gives up for a newer run", { specification: { run: 2 }, record: starting, view: { engine: "none" } }, { do: "note-end", end: { cause: "requested" }, park: false }],
    ["is parked when the installation goes down", { record: starting, view: { engine: "none", parking: true } }, { do: "note-end", end: { cause: "requested" }, park: true }],
  ])("%s", (_name, given, expected) => expect(step(given)).toEqual(expected));
});

describe("a machine that runs", () => {
  const other = interfaceOf("eni-0123456789abcdef1", { deviceIndex: 1 });
  it.each<[string, Case, object]>([
    ["rests", {}, { do: "rest" }],
    ["tells a new generation that it is true already", { specification: { generation: 2 } }, { do: "note-specified" }],
    ["is asked to stop, with a time limit", { specification: { want: "stopped" } }, { do: "note-stop", byMs: nowMs + 60_000, park: false }],
    ["asks its guest once the limit is durable", { specification: { want: "stopped" }, record: { stopBy: nowMs + 500 } }, { do: "ask-stop" }],
    ["waits for its guest", { specification: { want: "stopped" }, record: { stopBy: nowMs + 500 }, view: { stopAskedAt: nowMs - 1 } }, { do: "rest", untilMs: nowMs + 500 }],
    ["asks again after ten seconds", { specification: { want: "stopped" }, record: { stopBy: nowMs + 500 }, view: { stopAskedAt: nowMs - 10_000 } }, { do: "ask-stop" }],
    ["is killed when the limit is over", { specification: { want: "stopped" }, record: { stopBy: nowMs } }, { do: "kill-engine" }],
    ["is killed at once when forced", { specification: { want: "stopped", stop: "force" }, record: { stopBy: nowMs + 500 } }, { do: "note-stop", byMs: nowMs, park: false }],
    ["ends before a newer run begins", { specification: { run: 2 } }, { do: "note-stop", byMs: nowMs + 60_000, park: false }],
    ["goes on stopping when it is wanted again", { record: { stopBy: nowMs } }, { do: "kill-engine" }],
    ["gets thirty seconds when the installation goes down", { view: { parking: true } }, { do: "note-stop", byMs: nowMs + 30_000, park: true }],
    ["is not parked when it was to stop anyway", { specification: { want: "stopped" }, view: { parking: true } }, { do: "note-stop", byMs: nowMs + 30_000, park: false }],
    ["notes that its guest was heard", { view: { heard: true } }, { do: "note-reached" }],
    ["notes it once in a run", { record: { reached: true }, view: { heard: true } }, { do: "rest" }],
    ["reboots", { specification: { reboots: 1 } }, { do: "reboot" }],
    ["reboots once at a time", { specification: { reboots: 1 }, view: { rebooting: true } }, { do: "rest" }],
    ["notes a reboot", { specification: { reboots: 1 }, view: { rebooted: 1 } }, { do: "note-reboots", reboots: 1 }],
    ["connects an interface whose public address changed", { specification: { interfaces: [{ ...nic, publicAddress: "10.0.0.1" }] } }, { do: "prepare-interface", nic: { ...nic, publicAddress: "10.0.0.1" } }],
    ["prepares a new disk", { specification: { disks: [root, extra] } }, { do: "prepare-disk", disk: extra }],
    ["plugs it in when it is ready", { specification: { disks: [root, extra] }, record: { disks: [root, extra] }, view: { ready: { ...nothingReady, disks: new Set([rootVolume, extra.volume]), interfaces: new Map([[firstInterface, interfaceText(nic)]]), connected: new Map([[firstInterface, connectionText(nic, machineOf())]]) } } }, { do: "plug-disk", disk: extra }],
    ["leaves a disk alone that just failed", { specification: { disks: [root, extra] }, view: { postponed: new Set([extra.volume]) } }, { do: "rest" }],
    ["unplugs a disk", { record: { disks: [root, extra], plan: { ...plan, disks: [...plan.disks, { volume: extra.volume, device: "/dev/sdf", root: false, source: { kind: "file", path: "/e", format: "raw" } }] } } }, { do: "unplug-disk", volume: extra.volume }],
    ["tells the guest that a disk has grown", { specification: { disks: [{ ...root, sizeGib: root.sizeGib + 1 }] } }, { do: "grow-disk", disk: { ...root, sizeGib: root.sizeGib + 1 } }],
    ["gives an unplugged disk back", { record: { disks: [root, extra] } }, { do: "release-disk", volume: extra.volume }],
    ["prepares a new interface", { specification: { interfaces: [nic, other] } }, { do: "prepare-interface", nic: other }],
    ["gives an unplugged interface back", { record: { interfaces: [firstInterface, other.id] } }, { do: "release-interface", id: other.id }],
    ["sees that its guest ended it", { view: { engine: "none", end: { cause: "guest" } } }, { do: "note-end", end: { cause: "guest" }, park: false }],
    ["is not begun anew when its engine died", { view: { engine: "none" } }, { do: "note-end", end: cutOff, park: false }],
    ["is begun anew after a restart of the physical machine", { view: { engine: "none", restarted: true } }, { do: "note-end", end: cutOff, park: true }],
    ["is begun anew though the installation goes down at once", { view: { engine: "none", restarted: true, parking: true } }, { do: "note-end", end: cutOff, park: true }],
    ["is adopted when it lives in spite of all", { view: { restarted: true } }, { do: "rest" }],
    ["is not begun anew when its guest had ended it before the restart", { view: { engine: "none", restarted: true, end: { cause: "guest" } } }, { do: "note-end", end: { cause: "guest" }, park: false }],
    ["is not begun anew when it was being stopped", { specification: { want: "stopped" }, record: { stopBy: nowMs }, view: { engine: "none", restarted: true } }, { do: "note-end", end: { cause: "requested" }, park: false }],
    ["takes any end after a request for the one asked for", { record: { stopBy: nowMs }, view: { engine: "none", end: { cause: "guest" } } }, { do: "note-end", end: { cause: "requested" }, park: false }],
  ])("%s", (_name, given, expected) => expect(step(given)).toEqual(expected));
});

describe("a machine that ends", () => {
  const ending: Case["record"] = { phase: "ending" };
  it.each<[string, Case, object]>([
    ["kills an engine that is still there", { record: ending }, { do: "kill-engine" }],
    ["gives its interfaces back", { record: ending, view: { engine: "none" } }, { do: "release-interface", id: firstInterface }],
    ["gives its volumes back", { record: { ...ending, interfaces: [] }, view: { engine: "none" } }, { do: "release-disk", volume: rootVolume }],
    ["is then down", { record: { ...ending, interfaces: [], disks: [] }, view: { engine: "none" } }, { do: "finish-run" }],
  ])("%s", (_name, given, expected) => expect(step(given)).toEqual(expected));
});
