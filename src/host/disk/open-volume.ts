/**
 * One volume of a storage node, in the hands of this agent: makes its specification true and goes on with what takes longer.
 *
 * What was done and what is to be done is on disk (`stack-file.ts`) and in the storage daemon; all that is kept here may be lost. Calls about
 * one volume follow one another; work at leisure (`leisure.ts`) runs beside them and changes only layers that are frozen.
 */
import { join } from "node:path";
import type { VolumeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { SnapshotOrder, VolumeSpecification } from "../protocol/specification.ts";
import { nameOfExport } from "./daemon-nodes.ts";
import { dropGuestSockets, volumeSockets } from "./guest-socket.ts";
import { Leisure } from "./leisure.ts";
import { openSourceServer, sourceSocket, type SourceServer } from "./source-server.ts";
import type { StackFile } from "./stack-file.ts";
import { adoptSingleFile, createLayer, createVolumeData, describeLayer, findBase, isComplete, layerPath, openVolumeData, removeVolumeData, toMoment } from "./volume-data.ts";
import { adoptVolumeDaemon, endVolumeDaemon, makeRunDirectory, startVolumeDaemon, type VolumeDaemon } from "./volume-daemon.ts";
import { doWork } from "./volume-work.ts";
import { toFacts, type Progress } from "./volume-facts.ts";
import type { VolumeHome } from "./volume-home.ts";
import { activeLayer, decideWork, retainSnapshots, takeSnapshot, type VolumeStack } from "./volume-stack.ts";
import type { VolumeDescription, VolumeFacts } from "./volumes.ts";

export class OpenVolume {
  readonly id: VolumeId;
  readonly #home: VolumeHome;
  readonly #log: Log;
  readonly #leisure: Leisure;
  #file: StackFile | undefined;
  #specification: VolumeSpecification | undefined;
  #daemon: VolumeDaemon | undefined;
  #server: SourceServer | undefined;
  #progress: Progress | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosedForRoom = false;
  #isReleased = false;

  constructor(home: VolumeHome, id: VolumeId) {
    this.id = id;
    this.#home = home;
    this.#log = home.log.with({ volume: id });
    this.#leisure = new Leisure(this.#log, () => home.changed(id));
  }

  async exists(): Promise<boolean> {
    return this.exclusively(async () => {
      const file = (await this.#open()) ?? (this.#file = await adoptSingleFile(this.#home, this.id));
      return file !== undefined && isComplete(this.#home, this.id, file.stack);
    });
  }

  async ensureData(specification: VolumeSpecification): Promise<void> {
    await this.exclusively(async () => {
      this.#file = (await this.#open()) ?? (await createVolumeData(this.#home, specification));
    });
  }

  /** Nothing else is done about this volume meanwhile, except at leisure. */
  exclusively<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** All but the snapshots of a group, which `moment-groups.ts` takes. */
  async ensure(specification: VolumeSpecification): Promise<void> {
    await this.exclusively(async () => {
      await this.#open();
      this.#specification = specification;
      await this.#forgetSnapshots(specification);
      if (this.#needsDaemon(specification)) await this.#openDaemon(specification);
      for (const order of this.#untaken()) {
        if (isGrouped(order)) break; // the later ones come after it
        await this.take(order);
      }
      await this.#grow(specification);
      await this.#daemon?.limit(specification.limits);
      await this.export();
      if (!this.#home.hasRoom()) await this.#leisure.end();
      if (!this.#needsDaemon(specification)) await this.#closeDaemon();
      if (!this.#stack.isInitializing) await this.#closeServer();
    });
  }

  facts(): VolumeFacts {
    const orders = this.#specification?.snapshots ?? [];
    return toFacts({ stack: this.#stack, orders, progress: this.#progress, damage: this.#server?.damage, hasNoRoom: this.#isClosedForRoom });
  }

  async describe(): Promise<VolumeDescription | undefined> {
    if (!this.isKnown) return undefined;
    const { sizeGib, layers } = this.#stack;
    const source = this.#specification?.source?.kind;
    const work = this.#leisure.isIdle ? undefined : this.#progress;
    return {
      id: this.id,
      sizeGib,
      ...(source === undefined ? {} : { source }),
      layers: await Promise.all(layers.map((layer) => describeLayer(this.#home, this.id, layer))),
      exports: [...new Set(((await this.#daemon?.exports()) ?? []).map(nameOfExport))],
      ...(work === undefined ? {} : { work: { kind: work.work.kind, percent: Math.floor(work.share * 100) } }),
      facts: this.facts(),
    };
  }

  /** Goes on with what is left to do, beside everything else. */
  beginWork(): void {
    const [daemon, specification, file] = [this.#daemon, this.#specification, this.#file];
    const work = file === undefined ? undefined : decideWork(file.stack);
    if (daemon === undefined || specification === undefined || file === undefined || work === undefined) return;
    if (this.#isReleased || !this.#leisure.isIdle || !this.#home.hasRoom()) return;
    const waitMs = work.kind === "initialize" && specification.initializeBytesPerSecond === undefined ? (this.#server?.waitMs ?? 0) : 0;
    if (waitMs > 0) return this.#leisure.pause(waitMs);
    this.#progress = { work, share: 0 };
    const onProgress = (share: number) => this.#note({ work, share });
    this.#leisure.begin(work.kind, async (signal) => {
      await doWork({ home: this.#home, specification, file, daemon, source: this.#server, onProgress, signal }, work);
    });
  }

  /** Which moment of a group this volume waits for, or is held for; undefined also as long as it is not known what is wanted of it. */
  groupOrder(): { readonly order: SnapshotOrder; readonly isTaken: boolean } | undefined {
    if (!this.isKnown) return undefined;
    const [next] = this.#untaken();
    const { heldFor, snapshots } = this.#stack;
    const order = heldFor === undefined ? next : this.#specification?.snapshots.find(({ id }) => id === heldFor);
    if (order === undefined || !isGrouped(order)) return undefined;
    return { order, isTaken: snapshots.some(({ id }) => id === order.id) };
  }

  /** Both what it is and what is wanted of it. */
  get isKnown(): boolean {
    return this.#file !== undefined && this.#specification !== undefined;
  }

  get isHeld(): boolean {
    return this.#file?.stack.heldFor !== undefined;
  }

  /** Exported to nobody, and not after a death either, until `letGo`. */
  async hold({ id }: SnapshotOrder): Promise<void> {
    await this.#file?.change((stack) => ({ ...stack, heldFor: id }));
    await this.export();
  }

  async letGo(): Promise<void> {
    await this.#file?.change((stack) => ({ ...stack, heldFor: undefined }));
    await this.export();
  }

  /** Fixes the snapshot's moment, unless it is. */
  async take(order: SnapshotOrder): Promise<void> {
    const [file, specification] = [this.#file, this.#specification];
    if (file === undefined || specification === undefined || !this.#untaken().some(({ id }) => id === order.id)) return;
    const place = await createLayer(this.#home, specification, activeLayer(file.stack).number + 1, file.stack.sizeGib);
    await file.change((stack) => takeSnapshot(stack, toMoment(order)));
    await this.#daemon?.pushLayer(place, specification.encryptionKey !== undefined);
  }

  /** Makes the exports what they should be now. */
  async export(): Promise<void> {
    const names = this.#specification?.exportNames ?? [];
    this.#isClosedForRoom = names.length > 0 && !this.#home.hasRoom();
    await this.#daemon?.export(this.isHeld || this.#isClosedForRoom ? [] : names);
  }

  async remove(): Promise<void> {
    await this.exclusively(async () => {
      await this.#closeDaemon();
      await removeVolumeData(this.#home, this.id);
      this.#file = undefined;
    });
  }

  /** Lets go of everything without ending what goes on without the agent. */
  release(): void {
    this.#isReleased = true;
    void this.#leisure.end();
    const daemon = this.#daemon;
    this.#daemon = undefined;
    daemon?.release();
    void this.#server?.close();
    this.#server = undefined;
  }

  get #stack(): VolumeStack {
    if (this.#file === undefined) throw new Error(`the data of ${this.id} is not open`);
    return this.#file.stack;
  }

  async #open(): Promise<StackFile | undefined> {
    return (this.#file ??= await openVolumeData(this.#home, this.id));
  }

  #untaken(): readonly SnapshotOrder[] {
    const taken = new Set(this.#stack.snapshots.map(({ id }) => id));
    return (this.#specification?.snapshots ?? []).filter(({ id }) => !taken.has(id));
  }

  async #forgetSnapshots({ snapshots }: VolumeSpecification): Promise<void> {
    const dropped = this.#stack.snapshots.filter(({ id }) => !snapshots.some((order) => order.id === id));
    if (dropped.length === 0) return;
    const current = this.#progress?.work;
    if (current?.kind === "store" && dropped.some(({ id }) => id === current.snapshot.id)) await this.#leisure.end();
    for (const { id, region, state } of dropped) if (state !== "completed") await this.#home.storeOf(region).removeSnapshot(id);
    await this.#file?.change((stack) => retainSnapshots(stack, snapshots));
  }

  #needsDaemon({ exportNames, snapshots }: VolumeSpecification): boolean {
    return exportNames.length > 0 || snapshots.length > this.#stack.snapshots.length || decideWork(this.#stack) !== undefined;
  }

  async #openDaemon(specification: VolumeSpecification): Promise<void> {
    const { id, source, port, limits, encryptionKey } = specification;
    if (this.#daemon !== undefined) return;
    const { address, patience } = this.#home;
    const runDirectory = join(this.#home.runDirectory, id);
    const user = this.#home.userOf(id);
    const sockets = volumeSockets(this.#home.socketsDirectory, id);
    const place = { runDirectory, sockets, address, port, log: this.#log, ...(user === undefined ? {} : { user }), ...(patience === undefined ? {} : { patience }) };
    const layers = this.#stack.layers.map(({ number }) => ({ number, path: layerPath(this.#home, id, number) }));
    await makeRunDirectory(place);
    if (source?.kind === "snapshot" && this.#stack.isInitializing) this.#server ??= await openSourceServer(this.#home, id, source, runDirectory);
    const base = await findBase(this.#home, specification, this.#stack, sourceSocket(runDirectory));
    const content = { layers, limits, ...(base === undefined ? {} : { base }), ...(encryptionKey === undefined ? {} : { encryptionKey }) };
    const daemon = (await adoptVolumeDaemon(place)) ?? (await startVolumeDaemon(place, content));
    this.#watch(daemon);
    const top = layers.at(-1);
    // An agent that died may have written down a layer that its daemon never heard of.
    if (top !== undefined) await daemon.pushLayer(top, encryptionKey !== undefined);
    if (await daemon.isSmallerThan(this.#stack.sizeGib * 2 ** 30)) await daemon.growTo(this.#stack.sizeGib * 2 ** 30);
  }

  #watch(daemon: VolumeDaemon): void {
    this.#daemon = daemon;
    void daemon.ended.then(() => {
      if (this.#daemon !== daemon) return;
      this.#daemon = undefined;
      this.#home.changed(this.id);
    });
  }

  async #closeDaemon(): Promise<void> {
    await this.#leisure.end();
    const daemon = this.#daemon;
    this.#daemon = undefined;
    daemon?.release();
    await this.#closeServer();
    await endVolumeDaemon(join(this.#home.runDirectory, this.id));
    await dropGuestSockets(volumeSockets(this.#home.socketsDirectory, this.id));
  }

  async #closeServer(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  async #grow({ sizeGib }: VolumeSpecification): Promise<void> {
    if (sizeGib <= this.#stack.sizeGib) return;
    if ((await this.#daemon?.isSmallerThan(sizeGib * 2 ** 30)) === true) {
      await this.#leisure.end(); // QEMU resizes nothing that a job works on
      await this.#daemon?.growTo(sizeGib * 2 ** 30);
    }
    await this.#file?.change((stack) => ({ ...stack, sizeGib }));
  }

  #note(progress: Progress): void {
    this.#progress = progress;
    this.#home.changed(this.id);
  }
}

function isGrouped({ together }: SnapshotOrder): boolean {
  return together !== undefined && together.length > 1;
}
