import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { jsonLog } from "../../base/log.ts";
import { systemEmulator } from "../../image/card-emulator/card-emulator.ts";
import { chooseEmulator, type ChosenEmulator } from "./choose-emulator.ts";

let directory: string;
let log: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "emulator-"));
  log = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

/** With a QEMU on this machine that says that it emulates this device, where no package can be had: a file is in the way of their cache. */
async function choose(device: string, ...cards: readonly string[]): Promise<ChosenEmulator> {
  const [programs, inTheWay] = [join(directory, "bin"), join(directory, "file")];
  mkdirSync(programs);
  const qemu = join(programs, "qemu-system-x86_64");
  writeFileSync(qemu, `#!/bin/sh\n: > ${directory}/asked\necho 'name "${device}", bus PCI'\n`);
  chmodSync(qemu, 0o755);
  writeFileSync(inTheWay, "");
  vi.stubEnv("PATH", `${programs}:${process.env["PATH"] ?? ""}`);
  const { signal } = new AbortController();
  return chooseEmulator(cards, { cacheDirectory: join(directory, "cache"), packageCache: join(inTheWay, "packages"), progress: () => undefined, log: jsonLog((line) => void log.push(line), () => 0), signal });
}

test("A host that should have cards has none where no QEMU that emulates them can be had, and the log says so and why", async () => {
  expect(await choose("e1000", "eth1", "nvme0")).toEqual({ emulator: systemEmulator, cards: [] });
  expect(log.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ level: "warn", message: "the emulated host has no network card with virtual functions: Debian's newer QEMU could not be had", error: expect.objectContaining({ message: expect.stringContaining("ENOTDIR") }) }),
  ]);
});

test("A host has the cards that the machine's own QEMU emulates", async () => {
  expect(await choose("igb", "eth1", "nvme0")).toEqual({ emulator: { ...systemEmulator, hasCard: true }, cards: ["eth1", "nvme0"] });
  expect(log).toEqual([]);
});

test("Nothing is looked for where a host should have no cards", async () => {
  expect(await choose("e1000")).toEqual({ emulator: systemEmulator, cards: [] });
  expect([existsSync(join(directory, "asked")), log]).toEqual([false, []]);
});
