/**
 * Small files that must survive a power cut: what is written is there whole, or the earlier content is.
 * Every call is one durable effect; the agent's promises rest on their order.
 */
import { mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

export interface DurableFiles {
  /** Undefined when there is none. */
  read(path: string): Promise<string | undefined>;
  /** Replaces the whole content at once; makes the folder. */
  write(path: string, text: string): Promise<void>;
  /** Removes a file or a whole folder; may be repeated. */
  remove(path: string): Promise<void>;
  /** The names in a folder; none when there is no such folder. */
  list(directory: string): Promise<readonly string[]>;
  /** Makes a folder; with an owner, it is the owner's and closed to others, else others may pass through it. */
  makeDirectory(directory: string, owner?: { readonly uid: number; readonly gid: number }): Promise<void>;
  /** Makes a file unless it is there, for its owner alone. */
  makeFile(path: string, owner?: { readonly uid: number; readonly gid: number }): Promise<void>;
}

export const diskFiles: DurableFiles = {
  async read(path) {
    return readFile(path, "utf8").catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw new Error(`cannot read ${path}`, { cause: error });
    });
  },

  async write(path, text) {
    const unfinished = `${path}.new`;
    await diskFiles.makeDirectory(dirname(path));
    const file = await open(unfinished, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
    await flushDirectory(dirname(path));
  },

  async remove(path) {
    await rm(path, { recursive: true, force: true });
    await flushDirectory(dirname(path));
  },

  async list(directory) {
    const names = await readdir(directory).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw new Error(`cannot list ${directory}`, { cause: error });
    });
    return names.filter((name) => !name.endsWith(".new"));
  },

  async makeDirectory(directory, owner) {
    await mkdir(directory, { recursive: true, mode: 0o711 });
    if (owner === undefined) return;
    const handle = await open(directory);
    try {
      await handle.chmod(0o700);
      await handle.chown(owner.uid, owner.gid);
    } finally {
      await handle.close();
    }
  },

  async makeFile(path, owner) {
    const file = await open(path, "a", 0o600);
    try {
      if (owner !== undefined) await file.chown(owner.uid, owner.gid);
    } finally {
      await file.close();
    }
  },
};

async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  try {
    await handle?.sync();
  } finally {
    await handle?.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
