import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Virtualization } from "../protocol/specification.ts";
import { findProbed, probeEngines } from "./probe-cache.ts";
import type { Probeable } from "./probe.ts";
import { MachineRoom, simulatedEngine } from "./simulated.ts";

const signal = new AbortController().signal;
let directory = "";
let file = "";
let probes = 0;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "probes-"));
  file = join(directory, "engines.json");
  probes = 0;
});
afterEach(() => rm(directory, { recursive: true }));

function engine(virtualization: Virtualization, fingerprint = "1"): Probeable {
  const simulated = simulatedEngine({ virtualization, room: new MachineRoom() });
  return { ...simulated, fingerprint: async () => fingerprint, probe: async (probeSignal) => (probes++, simulated.probe(probeSignal)) };
}

describe("probing", () => {
  it("boots once and remembers, until the engine changes", async () => {
    const first = await probeEngines([engine("emulated"), engine("paravirtual")], file, signal);
    const second = await probeEngines([engine("emulated"), engine("paravirtual")], file, signal);
    expect({ probes, second }).toEqual({ probes: 2, second: first });
    await probeEngines([engine("emulated", "2"), engine("paravirtual")], file, signal);
    expect(probes).toBe(3);
  });

  it("can be asked for what is known without booting anything", async () => {
    expect(await findProbed(engine("hardware"), file)).toBeUndefined();
    await probeEngines([engine("hardware")], file, signal);
    expect([await findProbed(engine("hardware"), file), await findProbed(engine("hardware", "2"), file), probes]).toEqual([expect.objectContaining({ works: true }), undefined, 1]);
  });

  it("is done by one of several agents that begin at the same time", async () => {
    const results = await Promise.all(Array.from({ length: 5 }, () => probeEngines([engine("emulated")], file, signal)));
    expect({ probes, works: results.map((found) => found.get("emulated")?.works) }).toEqual({ probes: 1, works: [true, true, true, true, true] });
  });

  it("survives a broken cache and the lock of a dead process, and leaves no lock", async () => {
    await writeFile(file, "{ broken");
    await writeFile(`${file}.lock`, String(2 ** 22 + 1));
    expect((await probeEngines([engine("hardware")], file, signal)).get("hardware")).toMatchObject({ works: true });
    expect(await readdir(directory)).toEqual(["engines.json"]);
  });
});
