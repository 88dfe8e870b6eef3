/**
 * The console's pages, built when they are first wanted and kept for as long as their sources are the same: a folder of `.runtime` named by the hash of
 * what they are made of.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const checkout = join(import.meta.dirname, "../..");
const sources = join(checkout, "src/console");
const shared = [join(checkout, "package-lock.json"), join(checkout, "src/base/terminal-protocol.ts")];

export interface ConsoleBuild {
  /** The folder of the pages, once it is there. */
  readonly directory: string;
  readonly isDone: () => boolean;
}

export async function planConsoleBuild(): Promise<ConsoleBuild> {
  const names = (await readdir(sources)).toSorted();
  const files = [...names.map((name) => join(sources, name)), ...shared];
  const hash = createHash("sha256");
  for (const file of files) hash.update(await readFile(file)).update("\0");
  const directory = join(checkout, ".runtime", "console", hash.digest("hex").slice(0, 16));
  return { directory, isDone: () => existsSync(join(directory, "index.html")) };
}

/** Builds the pages unless they are there; may run several times at once. */
export async function buildConsole({ directory, isDone }: ConsoleBuild): Promise<void> {
  if (isDone()) return;
  const [{ build }, { default: react }] = await Promise.all([import("vite"), import("@vitejs/plugin-react")]);
  const fresh = `${directory}.${process.pid}`;
  try {
    await build({
      root: sources,
      base: "/console/",
      configFile: false,
      logLevel: "error",
      plugins: [react()],
      build: { outDir: fresh, emptyOutDir: true, chunkSizeWarningLimit: 4_000, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    });
    await rename(fresh, directory).catch((error: unknown) => {
      if (!isDone()) throw error; // another build was faster
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
