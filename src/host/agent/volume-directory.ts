/**
 * What a storage node's agent keeps of its volumes over its own death:
 *
 *   NODE/volumes/vol-….json      the newest accepted specification, and whether the volume's data was made
 *   NODE/volumes/vol-….N.qcow2   the data, and vol-….stack.json (`disk/volume-store.ts`)
 *   NODE/tombstones/vol-….json   the generation that a removed volume had last
 */
import { join } from "node:path";
import { isId, type VolumeId } from "../../base/ids.ts";
import type { Tombstone } from "../protocol/generation.ts";
import type { VolumeSpecification } from "../protocol/specification.ts";
import type { DurableFiles } from "./durable-files.ts";
import { isRecord, parseSpecification } from "./parse-page.ts";

export interface StoredVolume {
  readonly specification: VolumeSpecification;
  /** The data was made once: when it is missing it is lost, and must not be made anew as if nothing had happened. */
  readonly made: boolean;
}

export class VolumeDirectory {
  readonly #files: DurableFiles;
  readonly #data: string;

  constructor(files: DurableFiles, data: string) {
    this.#files = files;
    this.#data = data;
  }

  get volumesDirectory(): string {
    return join(this.#data, "volumes");
  }

  async load(): Promise<readonly StoredVolume[]> {
    const names = (await this.#files.list(this.volumesDirectory)).filter((name) => name.endsWith(".json"));
    const ids = names.map((name) => name.slice(0, -".json".length)).filter((id) => isId("volume", id));
    return (await Promise.all(ids.map((id) => this.#loadOne(id)))).filter((volume) => volume !== undefined);
  }

  save({ specification, made }: StoredVolume): Promise<void> {
    return this.#files.write(this.#file(specification.id), JSON.stringify({ version: 1, specification, made }));
  }

  async findTombstone(id: VolumeId): Promise<Tombstone | undefined> {
    const text = await this.#files.read(this.#tombstone(id));
    if (text === undefined) return undefined;
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || typeof value["generation"] !== "number") throw new Error(`the tombstone of ${id} is damaged`);
    return { generation: value["generation"] };
  }

  async bury(id: VolumeId, tombstone: Tombstone): Promise<void> {
    await this.#files.write(this.#tombstone(id), JSON.stringify(tombstone));
    await this.#files.remove(this.#file(id));
  }

  async #loadOne(id: VolumeId): Promise<StoredVolume | undefined> {
    const text = await this.#files.read(this.#file(id));
    if (text === undefined) return undefined;
    if ((await this.findTombstone(id)) !== undefined) {
      await this.#files.remove(this.#file(id));
      return undefined;
    }
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || value["version"] !== 1) throw new Error(`the record of ${id} has a format that this version does not know`);
    const specification = parseSpecification(value["specification"]);
    if (specification.kind !== "volume" || specification.id !== id) throw new Error(`the record of ${id} is of something else`);
    return { specification, made: value["made"] === true };
  }

  #file(id: VolumeId): string {
    return join(this.volumesDirectory, `${id}.json`);
  }

  #tombstone(id: VolumeId): string {
    return join(this.#data, "tombstones", `${id}.json`);
  }
}
