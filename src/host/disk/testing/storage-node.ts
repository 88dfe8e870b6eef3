/** A storage node's volumes in a folder of their own, with real storage daemons, driven as an agent's worker drives them. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { blockSize, openBlockStore, type BlockStore } from "../../../block-store/block-store.ts";
import type { VolumeId } from "../../../base/ids.ts";
import { silentLog } from "../../../base/log.ts";
import { engineUser } from "../../agent/confinement.ts";
import type { VolumeSpecification } from "../../protocol/specification.ts";
import { sendSignal } from "../../send-signal.ts";
import { endDaemons, findDaemons, type FoundDaemon } from "../daemon-process.ts";
import { openVolumeStore, type VolumeStoreOptions } from "../volume-store.ts";
import type { VolumeFacts, Volumes } from "../volumes.ts";

const run = promisify(execFile);

export class StorageNode implements AsyncDisposable {
  readonly directory: string;
  readonly #options: Partial<VolumeStoreOptions>;
  readonly #changes = new Set<() => void>();
  volumes: Volumes;

  private constructor(directory: string, options: Partial<VolumeStoreOptions>) {
    this.directory = directory;
    this.#options = options;
    this.volumes = this.#open();
  }

  static async make(options: Partial<VolumeStoreOptions> = {}): Promise<StorageNode> {
    const directory = await mkdtemp("/tmp/hostelry-volumes-");
    await run("chmod", ["711", directory]);
    await mkdir(join(directory, "images"));
    return new StorageNode(directory, options);
  }

  /** The node of another process. */
  static at(directory: string): StorageNode {
    return new StorageNode(directory, {});
  }

  get store(): BlockStore {
    return openBlockStore(join(this.directory, "snapshots", "us-east-1"));
  }

  /** The agent dies without a word, and another one comes. */
  restart(): void {
    this.volumes.release();
    this.volumes = this.#open();
  }

  daemonsOf(id: VolumeId): Promise<readonly FoundDaemon[]> {
    return findDaemons(join(this.directory, "run", id));
  }

  async killDaemon(id: VolumeId): Promise<void> {
    for (const { pid } of await this.daemonsOf(id)) sendSignal(pid, "SIGKILL");
  }

  /** Makes a volume unless it is there, and brings it in line. */
  async ensure(specification: VolumeSpecification): Promise<VolumeFacts> {
    await this.volumes.ensureData(specification);
    return this.volumes.ensure(specification);
  }

  /** Brings it in line again whenever something has changed, as often as it takes. */
  async until(specification: VolumeSpecification, isReached: (facts: VolumeFacts) => boolean): Promise<VolumeFacts> {
    for (;;) {
      const changed = new Promise<void>((resolve) => this.#changes.add(resolve));
      const facts = await this.volumes.ensure(specification);
      if (isReached(facts)) return facts;
      await Promise.race([changed, new Promise((resolve) => setTimeout(resolve, 1_000))]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.volumes.release();
    await endDaemons(this.directory, 0);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 20 }); // work that was let go of may still write its last file
  }

  #open(): Volumes {
    const volumes = openVolumeStore({
      volumesDirectory: join(this.directory, "volumes"),
      runDirectory: join(this.directory, "run"),
      socketsDirectory: join(this.directory, "sockets"),
      imagesDirectory: join(this.directory, "images"),
      snapshotsDirectory: join(this.directory, "snapshots"),
      address: "127.0.0.1",
      userOf: (volume) => engineUser(volume),
      log: silentLog,
      ...this.#options,
    });
    volumes.onChange(() => {
      for (const wake of this.#changes) wake();
      this.#changes.clear();
    });
    return volumes;
  }
}

/** Runs `qemu-io` on an export and returns what it said; `-f raw` and one `-c` for each command. */
export async function io(port: number, exportName: string, ...commands: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run("qemu-io", ["-f", "raw", ...commands.flatMap((command) => ["-c", command]), `nbd://127.0.0.1:${port}/${exportName}`]);
  return stdout + stderr;
}

/** The bytes of a snapshot, or of a part of it; places without a block are zeroes. */
export async function contentOf(store: BlockStore, snapshot: string, offset: number, length: number, key?: Uint8Array): Promise<Buffer> {
  const manifest = await store.openManifest(snapshot);
  if (manifest === undefined) throw new Error(`${snapshot} is not complete`);
  const content = Buffer.alloc(length);
  for (const { index, digest } of manifest) {
    const at = index * blockSize - offset;
    if (at + blockSize <= 0 || at >= length) continue;
    const block = await store.get(digest, key);
    block.copy(content, Math.max(0, at), Math.max(0, -at));
  }
  return content;
}

/** A `qemu-io` that stays: writes one after the other, each when the one before it was answered, flushes only when told, and waits for a server that is away. */
export class Writer {
  readonly ended: Promise<number | null>;
  said = "";
  readonly #child: ChildProcess;

  constructor(port: number, exportName: string) {
    const image = `driver=nbd,server.type=inet,server.host=127.0.0.1,server.port=${port},export=${exportName},reconnect-delay=60`;
    this.#child = spawn("qemu-io", ["-t", "writeback", "--image-opts", image], { stdio: ["pipe", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on("data", (text) => (this.said += String(text)));
    this.ended = new Promise((resolve) => this.#child.once("exit", resolve));
  }

  /** How many writes were answered. */
  get written(): number {
    return this.said.match(/wrote /g)?.length ?? 0;
  }

  /** As the last one: `qemu-io` reads ahead, and comes to what it holds only when more follows or nothing does. */
  finish(...commands: readonly string[]): void {
    this.#child.stdin?.end(`${[...commands, "quit"].join("\n")}\n`);
  }

  write(command: string): void {
    this.#child.stdin?.write(`${command}\n`);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
