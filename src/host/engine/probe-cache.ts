/**
 * Remembers what probing found out, so that only the first start on a machine boots anything.
 *
 * A result holds for one boot of the machine, one processor model, and one engine (program, kernel, device, by their fingerprint). Several
 * agents on one machine share the file: one probes while the others wait for it.
 */
import { open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { errorChain } from "../../base/errors.ts";
import type { EngineAvailability } from "../protocol/report.ts";
import type { Virtualization } from "../protocol/specification.ts";
import { readBootId } from "./boot-id.ts";
import type { Probeable } from "./probe.ts";

interface CachedProbe {
  readonly key: string;
  readonly availability: EngineAvailability;
}

/** What works here, by the cache or by booting one guest after the other. */
export async function probeEngines(
  engines: readonly Probeable[],
  cacheFile: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<Virtualization, EngineAvailability>> {
  const keys = new Map(await Promise.all(engines.map(async (engine) => [engine, await keyOf(engine)] as const)));
  const known = fromCache(await readCache(cacheFile), keys);
  if (known.size === engines.length) return known;
  const unlock = await lock(`${cacheFile}.lock`, signal);
  try {
    const cache = await readCache(cacheFile);
    const found = new Map(fromCache(cache, keys));
    const entries: Record<string, CachedProbe> = { ...cache };
    for (const [engine, key] of keys) {
      if (found.has(engine.virtualization)) continue;
      const availability = await engine.probe(signal);
      found.set(engine.virtualization, availability);
      entries[engine.virtualization] = { key, availability };
    }
    await writeFile(`${cacheFile}.new`, JSON.stringify(entries, undefined, 2));
    await rename(`${cacheFile}.new`, cacheFile);
    return found;
  } finally {
    await unlock();
  }
}

/** What was found out about the engine before, if that still holds. */
export async function findProbed(engine: Probeable, cacheFile: string): Promise<EngineAvailability | undefined> {
  const keys = new Map([[engine, await keyOf(engine)]]);
  return fromCache(await readCache(cacheFile), keys).get(engine.virtualization);
}

async function keyOf(engine: Probeable): Promise<string> {
  return [await readBootId(), cpus()[0]?.model ?? "unknown processor", await engine.fingerprint()].join("|");
}

function fromCache(cache: Readonly<Record<string, CachedProbe>>, keys: ReadonlyMap<Probeable, string>): ReadonlyMap<Virtualization, EngineAvailability> {
  const known = new Map<Virtualization, EngineAvailability>();
  for (const [{ virtualization }, key] of keys) {
    const entry = cache[virtualization];
    if (entry?.key === key) known.set(virtualization, entry.availability);
  }
  return known;
}

async function readCache(file: string): Promise<Readonly<Record<string, CachedProbe>>> {
  const text = await readFile(file, "utf8").catch(() => "{}");
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter((pair): pair is [string, CachedProbe] => isCachedProbe(pair[1])));
  } catch {
    return {};
  }
}

function isCachedProbe(value: unknown): value is CachedProbe {
  if (typeof value !== "object" || value === null || !("key" in value) || !("availability" in value)) return false;
  const { availability } = value;
  return typeof availability === "object" && availability !== null && "works" in availability && "engine" in availability;
}

/** Holds a file that names this process; waits while the process named in it lives. */
async function lock(file: string, signal: AbortSignal): Promise<() => Promise<void>> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if (!errorChain(error).includes("EEXIST")) throw error;
      const holder = Number(await readFile(file, "utf8").catch(() => ""));
      if (holder > 0 && !lives(holder)) await rm(file, { force: true });
      await delay(50, undefined, { signal });
    }
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
