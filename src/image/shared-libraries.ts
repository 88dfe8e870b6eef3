/** Copies the shared libraries that programs need from an unpacked system into a smaller one, with everything behind them. */
import { copyFile, mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findInterpreter, neededLibraries } from "./elf.ts";
import { resolveInTree } from "./tree.ts";

/** Where Debian keeps libraries, in the order in which the loader looks. */
const libraryDirectories = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/libexec/sudo"];

/** Each library is found by its name, so that a symbolic link to a versioned file becomes a file of that name. */
export async function copyLibrariesOf(programs: readonly string[], from: string, to: string): Promise<void> {
  const done = new Set<string>();
  const waiting = [...programs];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const content = await readFile(await resolveInTree(from, path));
    const interpreter = findInterpreter(content);
    const needed = await Promise.all(neededLibraries(content).map((name) => findLibrary(from, name, path)));
    for (const library of [...needed, ...(interpreter === undefined ? [] : [interpreter])]) {
      if (done.has(library)) continue;
      done.add(library);
      waiting.push(library);
      await mkdir(dirname(join(to, library)), { recursive: true });
      await copyFile(await resolveInTree(from, library), join(to, library));
    }
  }
}

async function findLibrary(from: string, name: string, wantedBy: string | undefined): Promise<string> {
  for (const directory of libraryDirectories) {
    const path = `${directory}/${name}`;
    if (await stat(await resolveInTree(from, path)).then((found) => found.isFile(), () => false)) return path;
  }
  throw new Error(`${wantedBy} needs the library ${name}, which none of the chosen packages has`);
}
