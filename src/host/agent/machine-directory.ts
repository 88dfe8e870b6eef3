/**
 * What a host's agent keeps of its machines over its own death:
 *
 *   HOST/machines/i-…/specification.json   the newest accepted specification
 *   HOST/machines/i-…/state.json           `machine-record.ts`
 *   HOST/machines/i-…/console.log          serial output, written by the engine; also console.log.1
 *   HOST/machines/i-…/instance-store/      local disks of the present run
 *   HOST/tombstones/i-….json               the generation that a removed machine had last
 *   RUN/i-…/                               the engine's run directory, owned by the machine's unprivileged user
 *   RUN/i-….disks/                         volumes as files (a paravirtual kernel without a first file system)
 *
 * The specification is written before the record, and a tombstone before the folder is removed, so a machine without a
 * specification is none, and one whose specification is not newer than its tombstone is only waiting to be swept away.
 */
import { join } from "node:path";
import { isId, type InstanceId } from "../../base/ids.ts";
import type { Tombstone } from "../protocol/generation.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import type { EngineUser } from "./confinement.ts";
import type { DurableFiles } from "./durable-files.ts";
import { formatRecord, freshRecord, parseRecord, type MachineRecord } from "./machine-record.ts";
import { isRecord, parseSpecification } from "./parse-page.ts";

export interface MachinePlaces {
  readonly dataDirectory: string;
  readonly consoleFile: string;
  readonly runDirectory: string;
  readonly disksDirectory: string;
}

export interface StoredMachine {
  readonly specification: MachineSpecification;
  readonly record: MachineRecord;
}

export class MachineDirectory {
  readonly #files: DurableFiles;
  readonly #data: string;
  readonly #run: string;

  /** `data` and `run` are this host's own folders. */
  constructor(files: DurableFiles, data: string, run: string) {
    this.#files = files;
    this.#data = data;
    this.#run = run;
  }

  places(id: InstanceId): MachinePlaces {
    const dataDirectory = join(this.#data, "machines", id);
    return {
      dataDirectory,
      consoleFile: join(dataDirectory, "console.log"),
      runDirectory: join(this.#run, id),
      disksDirectory: join(this.#run, `${id}.disks`),
    };
  }

  /** Every machine that this host has, after sweeping away what a removal left behind. */
  async load(): Promise<readonly StoredMachine[]> {
    const names = await this.#files.list(join(this.#data, "machines"));
    const ids = names.filter((name) => isId("instance", name));
    return (await Promise.all(ids.map((id) => this.#loadOne(id)))).filter((machine) => machine !== undefined);
  }

  saveSpecification(specification: MachineSpecification): Promise<void> {
    return this.#files.write(join(this.places(specification.id).dataDirectory, "specification.json"), JSON.stringify(specification));
  }

  saveRecord(id: InstanceId, record: MachineRecord): Promise<void> {
    return this.#files.write(join(this.places(id).dataDirectory, "state.json"), formatRecord(record));
  }

  /** An empty run directory and a console file that the engine's user may write. */
  async makeRunPlaces(id: InstanceId, user: EngineUser | undefined): Promise<void> {
    const { runDirectory, consoleFile } = this.places(id);
    await this.#files.remove(runDirectory);
    await this.#files.makeDirectory(runDirectory, user);
    await this.#files.makeFile(consoleFile, user);
  }

  removeRunDirectory(id: InstanceId): Promise<void> {
    return this.#files.remove(this.places(id).runDirectory);
  }

  async findTombstone(id: InstanceId): Promise<Tombstone | undefined> {
    const text = await this.#files.read(this.#tombstone(id));
    if (text === undefined) return undefined;
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || typeof value["generation"] !== "number") throw new Error(`the tombstone of ${id} is damaged`);
    return { generation: value["generation"] };
  }

  /** Remembers that the machine is gone, then forgets everything else of it. */
  async bury(id: InstanceId, tombstone: Tombstone): Promise<void> {
    await this.#files.write(this.#tombstone(id), JSON.stringify(tombstone));
    await this.#files.remove(this.places(id).dataDirectory);
  }

  async #loadOne(id: InstanceId): Promise<StoredMachine | undefined> {
    const { dataDirectory } = this.places(id);
    const specification = await this.#files.read(join(dataDirectory, "specification.json"));
    const buried = await this.findTombstone(id);
    const parsed = specification === undefined ? undefined : parseSpecification(JSON.parse(specification));
    if (parsed === undefined || (buried !== undefined && parsed.generation <= buried.generation)) {
      await this.#files.remove(dataDirectory);
      return undefined;
    }
    if (parsed.kind !== "machine" || parsed.id !== id) throw new Error(`${dataDirectory} holds the specification of something else`);
    const record = await this.#files.read(join(dataDirectory, "state.json"));
    return { specification: parsed, record: record === undefined ? freshRecord : parseRecord(record) };
  }

  #tombstone(id: InstanceId): string {
    return join(this.#data, "tombstones", `${id}.json`);
  }
}
