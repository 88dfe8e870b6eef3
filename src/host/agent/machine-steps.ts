/**
 * Carries out one step for one machine (`decide-machine.ts` says which) and holds what this agent knows in memory: the engine's
 * control, and what it has made ready. Every step may be repeated; what must survive is in the record before or after it, as
 * `machine-record.ts` says.
 */
import { join } from "node:path";
import type { InterfaceId } from "../../base/ids.ts";
import type { DiskUser } from "../disk/machine-disks.ts";
import type { Engine, MachinePlan, PlannedDisk, RunningMachine } from "../engine/engine.ts";
import type { DiskSpecification, InterfaceSpecification, MachineSpecification } from "../protocol/specification.ts";
import type { EngineUser } from "./confinement.ts";
import { ConsoleUpload } from "./console-upload.ts";
import { connectionText, interfaceText, type MachineView, type Step } from "./decide-machine.ts";
import { EngineHold } from "./engine-hold.ts";
import type { MachinePlaces, StoredMachine } from "./machine-directory.ts";
import type { MachineParts } from "./machine-parts.ts";
import { planDisk, planInterface, planMachine, toDiskUser, type InterfaceDevice } from "./machine-plan.ts";
import { downRecord, isOfEarlierBoot, type MachineRecord } from "./machine-record.ts";

export class MachineSteps {
  specification: MachineSpecification;
  record: MachineRecord;
  readonly #parts: MachineParts;
  readonly #places: MachinePlaces;
  readonly #user: EngineUser | undefined;
  readonly #console: ConsoleUpload;
  readonly engine: EngineHold;
  #sources = new Map<string, PlannedDisk["source"]>();
  #instanceStore: readonly PlannedDisk["source"][] | undefined;
  #localRoot: PlannedDisk["source"] | undefined;
  #interfaces = new Map<InterfaceId, string>();
  #connected = new Map<InterfaceId, string>();
  #devices = new Map<string, InterfaceDevice>();
  #metadataPorts = new Map<InterfaceId, number>();
  readonly #wake: () => void;
  #heard = false;

  /** `wake` is called when something happened by itself. */
  constructor(parts: MachineParts, { specification, record }: StoredMachine, wake: () => void) {
    this.specification = specification;
    this.record = record;
    this.#parts = parts;
    this.#wake = wake;
    this.engine = new EngineHold(wake);
    const { id } = specification;
    this.#places = parts.directory.places(id);
    this.#user = parts.userOf(id);
    const upload = (run: number, settled: boolean, output: Uint8Array) => parts.uploadConsole(id, run, settled, output);
    const { consoles, log, signal, consoleTiming } = parts;
    this.#console = new ConsoleUpload({ file: this.#places.consoleFile, consoles, upload, log, signal, ...(consoleTiming === undefined ? {} : { timing: consoleTiming }) });
  }

  see(): Omit<MachineView, "parking" | "confirmed" | "postponed" | "nowMs"> {
    return {
      ...this.engine.see(),
      specification: this.specification,
      record: this.record,
      heard: this.#heard,
      restarted: isOfEarlierBoot(this.record, this.#parts.bootId),
      ready: { disks: new Set(this.#sources.keys()), instanceStore: this.#instanceStore !== undefined, interfaces: this.#interfaces, connected: this.#connected },
    };
  }

  async perform(step: Exclude<Step, { do: "rest" | "bury" }>, signal: AbortSignal): Promise<void> {
    switch (step.do) {
      case "begin":
        return this.#begin();
      case "call-off":
        return this.#callOff();
      case "find-engine":
        return this.#findEngine();
      case "prepare-disk":
        return this.#prepareDisk(step.disk, signal);
      case "prepare-interface":
        return this.#prepareInterface(step.nic);
      case "make-instance-store":
        return this.#makeInstanceStore(signal);
      case "start-engine":
        return this.#startEngine(signal);
      case "note-running":
        return this.#save({ phase: "running", startedAt: this.#parts.clock.now() });
      case "connect-interface":
        return this.#connectInterface(step.nic);
      case "note-announced":
        return this.#save({ announced: true, ...(this.#heard ? { reached: true } : {}), planGeneration: this.record.planGeneration ?? this.specification.generation });
      case "note-reached":
        return this.#save({ reached: true });
      case "note-specified":
        return this.#save({ planGeneration: this.specification.generation });
      case "reboot":
        this.#console.transition();
        return this.engine.reboot(this.specification.reboots, this.specification.gracefulStopMs, (error) => this.#parts.log.warn("A reboot did not work; it is tried again", { error }));
      case "note-reboots":
        return this.#save({ reboots: step.reboots });
      case "note-stop":
        return this.#save({ stopBy: step.byMs, ...(step.park ? { parked: true } : {}) });
      case "ask-stop":
        this.engine.stopAskedAt = this.#parts.clock.now();
        return this.engine.requireEngine().requestStop();
      case "kill-engine":
        return this.engine.kill();
      case "note-end":
        await Promise.all([this.#console.end(this.record.run), this.#parts.processors.end(this.specification.id)]);
        return this.#save({ phase: "ending", end: step.end, ...(step.park ? { parked: true } : {}) });
      case "release-interface":
        return this.#releaseInterface(step.id);
      case "release-disk":
        await this.#parts.disks.detach(this.#diskUser(), step.volume);
        this.#sources.delete(step.volume);
        return this.#save({ disks: this.record.disks.filter(({ volume }) => volume !== step.volume) });
      case "finish-run":
        return this.#finishRun();
      case "plug-disk":
        return this.#plugDisk(step.disk);
      case "unplug-disk":
        await this.engine.requireEngine().detachDisk(step.volume);
        return this.#replan({ disks: this.#plan().disks.filter(({ volume }) => volume !== step.volume) });
      case "grow-disk":
        await this.engine.requireEngine().growDisk(step.disk.volume, step.disk.sizeGib * 2 ** 30);
        return this.#save({ disks: this.record.disks.map((held) => (held.volume === step.disk.volume ? step.disk : held)) });
      case "plug-interface":
        return this.#plugInterface(step.nic);
      case "unplug-interface":
        await this.engine.requireEngine().detachInterface(step.id);
        return this.#replan({ interfaces: this.#plan().interfaces.filter(({ id }) => id !== step.id) });
    }
  }

  /** The run cannot be started, ever; the reason is for the user. */
  fail(reason: string): Promise<void> {
    return this.#save({ phase: "ending", failure: reason, end: { cause: "engine", reason } });
  }

  /** Whether the engine lives must be found out anew. */
  loseSight(): void {
    if (this.engine.sight !== "alive") this.engine.sight = "unknown";
  }

  async release(): Promise<void> {
    this.#console.stop();
    await this.engine.release();
  }

  async #begin(): Promise<void> {
    const { id, run, reboots, virtualization, disks, interfaces } = this.specification;
    await this.#parts.consoles.clear(this.#places.consoleFile);
    await this.#parts.directory.makeRunPlaces(id, this.#user);
    this.#forgetRun();
    const { bootId } = this.#parts;
    const kept = this.record.keptInstanceStore === true && this.record.bootId === bootId ? ({ keptInstanceStore: true } as const) : {};
    await this.#replace({ phase: "starting", run, reboots, virtualization, bootId, ...kept, disks, interfaces: interfaces.map((nic) => nic.id) });
  }

  #callOff(): Promise<void> {
    return this.#replace({ phase: "down", run: this.specification.run, reboots: this.record.reboots, end: { cause: "requested" }, disks: [], interfaces: [] });
  }

  async #makeInstanceStore(signal: AbortSignal): Promise<void> {
    const { disks, imagesDirectory, fetchImage } = this.#parts;
    const { instanceStoreGib, localRoot: root, virtualization, kernelFile } = this.specification;
    for (const file of [root?.file, virtualization === "paravirtual" ? kernelFile : undefined]) if (file !== undefined) await fetchImage?.(file, signal);
    const made = await disks.makeInstanceStore(this.#diskUser(), instanceStoreGib, this.record.keptInstanceStore === true);
    if (root !== undefined) this.#localRoot = await disks.makeLocalRoot(this.#diskUser(), join(imagesDirectory, root.file), root.sizeGib, signal);
    this.#instanceStore = made;
  }

  async #findEngine(): Promise<void> {
    const { plan } = this.record;
    const found = plan === undefined ? undefined : await this.#engineKind().adopt(plan);
    if (found === undefined) this.engine.sight = "none";
    else this.#control(found);
  }

  #control(engine: RunningMachine): void {
    this.engine.take(engine);
    this.#parts.processors.hold({ id: this.specification.id, pid: engine.pid, run: this.record.run, specification: () => this.specification, report: this.#parts.report });
    this.#console.follow(this.record.run);
  }

  async #prepareDisk(disk: DiskSpecification, signal: AbortSignal): Promise<void> {
    const held = this.record.disks.find(({ volume }) => volume === disk.volume);
    if (held?.endpoint.exportName !== disk.endpoint.exportName) {
      await this.#save({ disks: [...this.record.disks.filter((other) => other !== held), disk] });
    }
    this.#sources.set(disk.volume, await this.#parts.disks.attach(this.#diskUser(), disk, signal));
  }

  async #prepareInterface(nic: InterfaceSpecification): Promise<void> {
    if (!this.record.interfaces.includes(nic.id)) await this.#save({ interfaces: [...this.record.interfaces, nic.id] });
    const { network, metadata } = this.#parts;
    const { metadataPort, ...device } = await network.prepareInterface(nic, this.#user);
    this.#devices.set(nic.id, device);
    await metadata.serve(metadataPort, () => this.specification, nic.id, () => this.#hear());
    this.#metadataPorts.set(nic.id, metadataPort);
    this.#interfaces.set(nic.id, interfaceText(nic));
  }

  #hear(): void {
    if (this.#heard) return;
    this.#heard = true;
    this.#wake();
  }

  async #connectInterface(nic: InterfaceSpecification): Promise<void> {
    const { metadata } = this.specification;
    const text = connectionText(nic, this.specification);
    await this.#parts.network.connectInterface(nic);
    await this.#parts.network.setTokenHopLimit(nic.id, metadata.options.httpPutResponseHopLimit);
    this.#connected.set(nic.id, text);
  }

  /** The plan is on disk before the process is, so that a later agent finds the process. */
  async #startEngine(signal: AbortSignal): Promise<void> {
    const { generation } = this.specification;
    const plan = planMachine(this.specification, {
      places: this.#places,
      user: this.#user,
      imagesDirectory: this.#parts.imagesDirectory,
      disks: this.#sources,
      instanceStore: this.#instanceStore ?? [],
      localRoot: this.#localRoot,
      accelerators: await this.#parts.accelerators.take(this.specification, this.#user),
      devices: this.#devices,
    });
    await this.#save({ plan, planGeneration: generation });
    this.engine.sight = "unknown";
    this.#control(await this.#engineKind().start(plan, signal));
  }

  async #releaseInterface(id: InterfaceId): Promise<void> {
    const port = this.#metadataPorts.get(id);
    if (port !== undefined) await this.#parts.metadata.stop(port);
    await this.#parts.network.removeInterface(id);
    this.#metadataPorts.delete(id);
    this.#interfaces.delete(id);
    this.#connected.delete(id);
    await this.#save({ interfaces: this.record.interfaces.filter((other) => other !== id) });
  }

  async #finishRun(): Promise<void> {
    const keeps = this.specification.keepInstanceStore === true;
    if (!keeps) await this.#parts.disks.eraseInstanceStore(this.#diskUser());
    await this.#parts.accelerators.release(this.specification.id);
    await this.#parts.directory.removeRunDirectory(this.specification.id);
    this.#forgetRun();
    await this.#replace(downRecord(this.record, keeps));
  }

  async #plugDisk(disk: DiskSpecification): Promise<void> {
    const planned = planDisk(disk, { disks: this.#sources });
    await this.engine.requireEngine().attachDisk(planned);
    await this.#replan({ disks: [...this.#plan().disks, planned] });
  }

  async #plugInterface(nic: InterfaceSpecification): Promise<void> {
    const planned = planInterface(nic, { devices: this.#devices });
    await this.engine.requireEngine().attachInterface(planned);
    await this.#replan({ interfaces: [...this.#plan().interfaces, planned] });
  }

  #forgetRun(): void {
    this.engine.forget("none");
    this.#sources = new Map();
    this.#instanceStore = undefined;
    this.#localRoot = undefined;
    this.#interfaces = new Map();
    this.#connected = new Map();
    this.#devices = new Map();
    this.#heard = false;
  }

  #replan(change: Partial<Pick<MachinePlan, "disks" | "interfaces">>): Promise<void> {
    return this.#save({ plan: { ...this.#plan(), ...change } });
  }

  #plan(): MachinePlan {
    if (this.record.plan === undefined) throw new Error("a running machine has no plan");
    return this.record.plan;
  }

  #engineKind(): Engine {
    return this.#parts.engines[this.record.virtualization ?? this.specification.virtualization];
  }

  #diskUser(): DiskUser {
    return toDiskUser(this.specification, this.record, this.#places, this.#user);
  }

  #save(change: Partial<MachineRecord>): Promise<void> {
    return this.#replace({ ...this.record, ...change });
  }

  /** The record in memory is never ahead of the one on disk. */
  async #replace(record: MachineRecord): Promise<void> {
    await this.#parts.directory.saveRecord(this.specification.id, record);
    this.record = record;
  }
}
