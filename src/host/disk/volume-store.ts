/**
 * The volumes of one storage node: a stack of files each, and a server for each that is attached or has something to do.
 *
 *   NODE/volumes/vol-….N.qcow2      the data, in layers; the highest number is written to
 *   NODE/volumes/vol-….stack.json   which layers there are, and which snapshots were taken
 *   RUN/vol-…/qmp, RUN/vol-….log    the control socket and messages of its storage daemon
 *   RUN/vol-…/source                the snapshot server's socket, as long as it is needed
 *
 * Every call may be repeated and says what should be true afterwards. What is on disk and which processes live is all the state
 * there is, so a store opened by a new agent simply goes on.
 */
import { chmod, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { openBlockStore, type BlockStore } from "../../block-store/block-store.ts";
import { isId, type VolumeId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import type { Patience } from "./daemon-patience.ts";
import type { FileOwner } from "./file-owner.ts";
import { watchRoom, type RoomWatch } from "./free-space.ts";
import { dropGuestSockets, volumeSockets } from "./guest-socket.ts";
import { MomentGroups } from "./moment-groups.ts";
import { OpenVolume } from "./open-volume.ts";
import { openVolumeData } from "./volume-data.ts";
import { endVolumeDaemon } from "./volume-daemon.ts";
import type { VolumeHome } from "./volume-home.ts";
import type { VolumeDescription, VolumeFacts, Volumes } from "./volumes.ts";

export interface VolumeStoreOptions {
  readonly volumesDirectory: string;
  readonly runDirectory: string;
  readonly imagesDirectory: string;
  /** Of guests on this machine (`guest-socket.ts`). */
  readonly socketsDirectory: string;
  /** A folder of snapshots for each region. */
  readonly snapshotsDirectory: string;
  /** The storage node's address on the underlay network. */
  readonly address: string;
  readonly userOf: (id: VolumeId) => FileOwner | undefined;
  readonly log: Log;
  /** With storage daemons; absent: the usual. */
  readonly patience?: Patience;
  /** Volumes are exported only while their file system has so much room. */
  readonly floorBytes?: number;
  readonly roomIntervalMs?: number;
}

export function openVolumeStore(options: VolumeStoreOptions): Volumes {
  return new VolumeStore(options);
}

class VolumeStore implements Volumes {
  readonly #home: VolumeHome;
  readonly #room: RoomWatch;
  readonly #groups: MomentGroups;
  readonly #volumes = new Map<VolumeId, OpenVolume>();
  readonly #stores = new Map<string, BlockStore>();
  readonly #listeners = new Set<(id: VolumeId) => void>();

  constructor({ snapshotsDirectory, floorBytes = 2 ** 30, roomIntervalMs = 1_000, ...home }: VolumeStoreOptions) {
    const changed = (id: VolumeId) => {
      for (const listener of this.#listeners) listener(id);
    };
    this.#room = watchRoom({ directory: home.volumesDirectory, floorBytes, intervalMs: roomIntervalMs, changed: () => [...this.#volumes.keys()].forEach(changed) });
    this.#home = { ...home, hasRoom: () => this.#room.hasRoom(), storeOf: (region) => this.#storeOf(snapshotsDirectory, region), changed };
    this.#groups = new MomentGroups({ find: (id) => this.#volumes.get(id), hasData: async (id) => (await openVolumeData(this.#home, id)) !== undefined, changed });
  }

  exists(id: VolumeId): Promise<boolean> {
    return this.#take(id).exists();
  }

  async ensureData(specification: VolumeSpecification): Promise<void> {
    await mkdir(this.#home.volumesDirectory, { recursive: true });
    await chmod(this.#home.volumesDirectory, 0o711);
    await this.#take(specification.id).ensureData(specification);
  }

  async ensure(specification: VolumeSpecification): Promise<VolumeFacts> {
    const volume = this.#take(specification.id);
    await volume.ensure(specification);
    await this.#groups.attend(volume);
    volume.beginWork();
    return volume.facts();
  }

  async describe(id: VolumeId): Promise<VolumeDescription | undefined> {
    return this.#volumes.get(id)?.describe();
  }

  async remove(id: VolumeId): Promise<void> {
    await this.#take(id).remove();
    this.#volumes.delete(id);
  }

  onChange(listener: (id: VolumeId) => void): void {
    this.#listeners.add(listener);
  }

  async endAllExports(): Promise<void> {
    const names: string[] = await readdir(this.#home.runDirectory).catch(() => []);
    const ids = names.filter((name): name is VolumeId => isId("volume", name));
    await Promise.all(ids.map((id) => endVolumeDaemon(join(this.#home.runDirectory, id)).then(() => dropGuestSockets(volumeSockets(this.#home.socketsDirectory, id)))));
  }

  release(): void {
    this.#room.close();
    this.#listeners.clear();
    for (const volume of this.#volumes.values()) volume.release();
    this.#volumes.clear();
  }

  #take(id: VolumeId): OpenVolume {
    let volume = this.#volumes.get(id);
    if (volume === undefined) this.#volumes.set(id, (volume = new OpenVolume(this.#home, id)));
    return volume;
  }

  #storeOf(snapshotsDirectory: string, region: string): BlockStore {
    let store = this.#stores.get(region);
    if (store === undefined) this.#stores.set(region, (store = openBlockStore(join(snapshotsDirectory, region))));
    return store;
  }
}
