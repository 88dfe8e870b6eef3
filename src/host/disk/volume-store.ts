/**
 * The volumes of one storage node: a file each, and a server for each that is attached.
 *
 *   NODE/volumes/vol-….qcow2      the data
 *   RUN/vol-…/qmp, RUN/vol-….log  the control socket and messages of its storage daemon
 *
 * Every call may be repeated and says what should be true afterwards. What is on disk and which processes live is all the state
 * there is, so a store opened by a new agent simply goes on.
 */
import { chmod, mkdir, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { TerminalError } from "../../base/errors.ts";
import { isId, type VolumeId } from "../../base/ids.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import { endVolumeDaemon, openVolumeDaemon, type VolumeDaemon } from "./volume-daemon.ts";
import { ensureVolumeFile, exists, removeVolumeFile, type FileOwner } from "./volume-file.ts";
import type { Volumes } from "./volumes.ts";

export interface VolumeStoreOptions {
  readonly volumesDirectory: string;
  readonly runDirectory: string;
  readonly imagesDirectory: string;
  /** The storage node's address on the underlay network. */
  readonly address: string;
  /** The unprivileged user that a volume's file belongs to and its daemon runs as; undefined: as the agent. */
  readonly userOf: (id: VolumeId) => FileOwner | undefined;
}

export function openVolumeStore(options: VolumeStoreOptions): Volumes {
  return new VolumeStore(options);
}

class VolumeStore implements Volumes {
  readonly #options: VolumeStoreOptions;
  readonly #daemons = new Map<VolumeId, VolumeDaemon>();
  readonly #endListeners = new Set<(id: VolumeId) => void>();

  constructor(options: VolumeStoreOptions) {
    this.#options = options;
  }

  exists(id: VolumeId): Promise<boolean> {
    return exists(this.#file(id));
  }

  async ensureFile(specification: VolumeSpecification): Promise<void> {
    const { volumesDirectory, imagesDirectory } = this.#options;
    const { id, sizeGib, source } = specification;
    if (source?.kind === "snapshot") throw new TerminalError("a volume cannot be made from a snapshot yet");
    const owner = this.#options.userOf(id);
    await mkdir(volumesDirectory, { recursive: true });
    await chmod(volumesDirectory, 0o711);
    await ensureVolumeFile({
      path: this.#file(id),
      sizeGib,
      ...(source === undefined ? {} : { base: join(imagesDirectory, requireFileName(source.file)) }),
      ...(owner === undefined ? {} : { owner }),
    });
  }

  async ensureExport({ id, exportNames, port, sizeGib }: VolumeSpecification): Promise<void> {
    const [exportName] = exportNames;
    if (exportName === undefined) return this.#endDaemon(id);
    const daemon = this.#daemons.get(id) ?? (await this.#openDaemon(id, port, exportName));
    await daemon.growTo(sizeGib * 2 ** 30);
    await daemon.export(exportName);
  }

  async remove(id: VolumeId): Promise<void> {
    await this.#endDaemon(id);
    await removeVolumeFile(this.#file(id));
  }

  onExportEnd(listener: (id: VolumeId) => void): void {
    this.#endListeners.add(listener);
  }

  async endAllExports(): Promise<void> {
    const names: string[] = await readdir(this.#options.runDirectory).catch(() => []);
    await Promise.all(names.filter((name): name is VolumeId => isId("volume", name)).map((id) => this.#endDaemon(id)));
  }

  release(): void {
    for (const [id, daemon] of [...this.#daemons]) {
      this.#daemons.delete(id);
      daemon.release();
    }
  }

  async #openDaemon(id: VolumeId, port: number, exportName: string): Promise<VolumeDaemon> {
    const { address, userOf } = this.#options;
    const user = userOf(id);
    await mkdir(this.#options.runDirectory, { recursive: true });
    const daemon = await openVolumeDaemon({ file: this.#file(id), runDirectory: this.#runDirectory(id), address, port, ...(user === undefined ? {} : { user }) }, exportName);
    this.#daemons.set(id, daemon);
    void daemon.ended.then(() => {
      if (this.#daemons.get(id) !== daemon) return;
      this.#daemons.delete(id);
      for (const listener of this.#endListeners) listener(id);
    });
    return daemon;
  }

  async #endDaemon(id: VolumeId): Promise<void> {
    const daemon = this.#daemons.get(id);
    this.#daemons.delete(id);
    daemon?.release();
    await endVolumeDaemon(this.#runDirectory(id));
  }

  #file(id: VolumeId): string {
    return join(this.#options.volumesDirectory, `${id}.qcow2`);
  }

  #runDirectory(id: VolumeId): string {
    return join(this.#options.runDirectory, id);
  }
}

/** A source is a name in the image folder and never leads out of it. */
function requireFileName(name: string): string {
  if (name === "" || name.startsWith(".") || basename(name) !== name) throw new TerminalError("the image's file name is not a plain name");
  return name;
}
