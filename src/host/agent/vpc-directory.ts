/**
 * What a host's agent keeps of VPCs over its own death:
 *
 *   HOST/vpcs/vpc-….json         the newest accepted specification
 *   HOST/tombstones/vpc-….json   the generation that a VPC had last that left the host; it may come back with a higher one
 */
import { join } from "node:path";
import { isId, type VpcId } from "../../base/ids.ts";
import type { Tombstone } from "../protocol/generation.ts";
import type { VpcSpecification } from "../protocol/specification.ts";
import type { DurableFiles } from "./durable-files.ts";
import { isRecord, parseSpecification } from "./parse-page.ts";

export class VpcDirectory {
  readonly #files: DurableFiles;
  readonly #data: string;

  constructor(files: DurableFiles, data: string) {
    this.#files = files;
    this.#data = data;
  }

  async load(): Promise<readonly VpcSpecification[]> {
    const names = (await this.#files.list(join(this.#data, "vpcs"))).filter((name) => name.endsWith(".json"));
    const ids = names.map((name) => name.slice(0, -".json".length)).filter((id) => isId("vpc", id));
    return (await Promise.all(ids.map((id) => this.#loadOne(id)))).filter((vpc) => vpc !== undefined);
  }

  save(specification: VpcSpecification): Promise<void> {
    return this.#files.write(this.#file(specification.id), JSON.stringify(specification));
  }

  async findTombstone(id: VpcId): Promise<Tombstone | undefined> {
    const text = await this.#files.read(this.#tombstone(id));
    if (text === undefined) return undefined;
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || typeof value["generation"] !== "number") throw new Error(`the tombstone of ${id} is damaged`);
    return { generation: value["generation"] };
  }

  async bury(id: VpcId, tombstone: Tombstone): Promise<void> {
    await this.#files.write(this.#tombstone(id), JSON.stringify(tombstone));
    await this.#files.remove(this.#file(id));
  }

  async #loadOne(id: VpcId): Promise<VpcSpecification | undefined> {
    const text = await this.#files.read(this.#file(id));
    if (text === undefined) return undefined;
    const specification = parseSpecification(JSON.parse(text));
    if (specification.kind !== "vpc" || specification.id !== id) throw new Error(`the record of ${id} is of something else`);
    const buried = await this.findTombstone(id);
    if (buried === undefined || specification.generation > buried.generation) return specification;
    await this.#files.remove(this.#file(id));
    return undefined;
  }

  #file(id: VpcId): string {
    return join(this.#data, "vpcs", `${id}.json`);
  }

  #tombstone(id: VpcId): string {
    return join(this.#data, "tombstones", `${id}.json`);
  }
}
