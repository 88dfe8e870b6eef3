/**
 * A guest's file tree while it is being put together in a directory of the builder: extracting packages, copying our own
 * files with their modes, and making every time the same, so that two builds give the same bytes.
 */
import { chmod, copyFile, lstat, lutimes, mkdir, readdir, readlink, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { pipeCommands } from "./command.ts";

/** The directories that are one with those under /usr, as on every Debian system. */
const mergedDirectories = ["bin", "lib", "lib64", "sbin"];

export async function createMergedRoot(root: string): Promise<void> {
  for (const name of mergedDirectories) {
    await mkdir(join(root, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
}

/**
 * Unpacks the packages' files over each other, with their owners and modes; their installation scripts are not run. Packages
 * that still have files in /bin or /lib find them merged with /usr.
 */
export async function extractPackages(files: readonly string[], root: string, signal: AbortSignal): Promise<void> {
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      await pipeCommands(["dpkg-deb", "--fsys-tarfile", file], ["tar", "-x", "-p", "--keep-directory-symlink", "-C", root], signal);
    }
  };
  await Promise.all(Array.from({ length: 2 }, worker));
}

/** Where a path inside the tree really is, in the tree: a symbolic link with an absolute target stays inside. */
export async function resolveInTree(root: string, path: string): Promise<string> {
  let resolved = "";
  const waiting = path.split("/");
  for (let steps = 0; waiting.length > 0; steps += 1) {
    if (steps > 200) throw new Error(`too many symbolic links in ${path}`);
    const name = waiting.shift() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      resolved = resolved.slice(0, Math.max(0, resolved.lastIndexOf("/")));
      continue;
    }
    const target = await readlink(join(root, resolved, name)).catch(() => undefined);
    if (target === undefined) resolved = `${resolved}/${name}`;
    else {
      if (target.startsWith("/")) resolved = "";
      waiting.unshift(...target.split("/"));
    }
  }
  return join(root, resolved);
}

/** Copies one file of an unpacked system to the same place in a smaller one; of a symbolic link what it leads to. */
export async function copyFromTree(from: string, to: string, path: string): Promise<void> {
  await mkdir(dirname(join(to, path)), { recursive: true });
  await copyFile(await resolveInTree(from, path), join(to, path));
}

/**
 * Copies a directory of our own files over the tree. Whatever lies in a directory for programs, or begins with `#!`, becomes
 * executable: modes of a source checkout depend on the umask of whoever made it, so they are not trusted.
 */
export async function copyOwnFiles(from: string, root: string, isProgram: (path: string) => boolean): Promise<void> {
  for (const path of await listTree(from)) {
    const source = join(from, path);
    const target = join(root, path);
    if ((await lstat(source)).isDirectory()) await mkdir(target, { recursive: true });
    else {
      await mkdir(dirname(target), { recursive: true });
      await copyFile(source, target);
      await chmod(target, isProgram(path) ? 0o755 : 0o644);
    }
  }
}

const guestScripts = fileURLToPath(new URL("guest-scripts", import.meta.url));

/** The programs of ours that every image has, to /usr/local/sbin. */
export async function installGuestScripts(root: string): Promise<void> {
  await copyOwnFiles(guestScripts, join(root, "usr/local/sbin"), () => true);
}

/** Every path below the directory, relative to it, sorted; a directory before what it contains. Symbolic links are not followed. */
export async function listTree(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.map((entry) => relative(directory, join(entry.parentPath, entry.name))).sort();
}

/**
 * Lets nothing in the tree, the root included, be younger than the given time. Older files keep their time: Python's compiled
 * modules remember that of their source, and would be compiled anew at every start.
 */
export async function limitTimes(root: string, epochSeconds: number): Promise<void> {
  const paths = await listTree(root);
  for (const path of [...[...paths].reverse().map((relativePath) => join(root, relativePath)), root]) {
    const { mtimeMs } = await lstat(path);
    const time = Math.min(Math.floor(mtimeMs / 1000), epochSeconds);
    await lutimes(path, time, time);
  }
}
