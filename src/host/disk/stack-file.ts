/**
 * The durable record of a volume's layers, `vol-….stack.json`. Changes follow one another; what is in memory is what is on disk.
 *
 * A layer's file is made before its number is written here, and its number is written here before the storage daemon hears of it: a file
 * that is not named here holds nothing.
 */
import { diskFiles } from "../agent/durable-files.ts";
import type { VolumeStack } from "./volume-stack.ts";

const version = 1;

export class StackFile {
  readonly #path: string;
  #stack: VolumeStack;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, stack: VolumeStack) {
    this.#path = path;
    this.#stack = stack;
  }

  /** Undefined when there is none. */
  static async open(path: string): Promise<StackFile | undefined> {
    const text = await diskFiles.read(path);
    return text === undefined ? undefined : new StackFile(path, parseStack(path, text));
  }

  static async create(path: string, stack: VolumeStack): Promise<StackFile> {
    await write(path, stack);
    return new StackFile(path, stack);
  }

  get stack(): VolumeStack {
    return this.#stack;
  }

  /** Durable when it returns. */
  change(step: (stack: VolumeStack) => VolumeStack): Promise<void> {
    const changed = this.#last.then(async () => {
      const next = step(this.#stack);
      if (next === this.#stack) return;
      await write(this.#path, next);
      this.#stack = next;
    });
    this.#last = changed.catch(() => undefined);
    return changed;
  }
}

function write(path: string, stack: VolumeStack): Promise<void> {
  return diskFiles.write(path, JSON.stringify({ version, ...stack }));
}

/** Written by this file only, so it checks no more than the version. */
function parseStack(path: string, text: string): VolumeStack {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("version" in value) || value.version !== version) throw new Error(`${path} has a format that this version does not know`);
  const { version: _version, ...stack } = value;
  // what `write` wrote
  return stack as VolumeStack;
}
