import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { adoptProcess } from "./adoption.ts";
import type { MachinePlan } from "./engine.ts";
import { addWish, beginRun, dropWish, hasWish, openLog, readEnd, readProcess, recordEnd, recordProcess } from "./run-record.ts";

let directory = "";
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "record-"))));
afterEach(() => rm(directory, { recursive: true }));

const planIn = (runDirectory: string): MachinePlan => ({ id: "i-1", runDirectory, consoleFile: "", vcpus: 1, memoryMib: 1, disks: [], interfaces: [], diskBus: "nvme" });
const noControl = () => Promise.reject(new Error("nothing runs"));

describe("a run's record", () => {
  it("knows that a start was begun, and then its process", async () => {
    expect(await readProcess(directory)).toBeUndefined();
    await beginRun(directory);
    expect(await readProcess(directory)).toBe("unknown");
    await recordProcess(directory, { pid: 7, startTicks: 8 });
    expect(await readProcess(directory)).toEqual({ pid: 7, startTicks: 8 });
  });

  it("keeps the first reason for the end until the next start", async () => {
    await recordEnd(directory, { cause: "guest" });
    expect(await recordEnd(directory, { cause: "engine", reason: "late" })).toEqual({ cause: "guest" });
    await beginRun(directory);
    expect(await readEnd(directory)).toBeUndefined();
  });

  it("remembers wishes until they are dropped", async () => {
    await addWish(directory, "stop-requested");
    expect(await hasWish(directory, "stop-requested")).toBe(true);
    await dropWish(directory, "stop-requested");
    expect(await hasWish(directory, "stop-requested")).toBe(false);
  });

  it("never writes or reads through a link that the engine's user may have placed", async () => {
    const victim = join(directory, "victim");
    await writeFile(victim, JSON.stringify({ cause: "guest" }));
    await symlink(victim, join(directory, "end.json"));
    await symlink(victim, join(directory, "engine.log"));
    expect(await readEnd(directory)).toBeUndefined();
    await recordEnd(directory, { cause: "engine" });
    await expect(openLog(join(directory, "engine.log"))).rejects.toThrow();
    expect(await readFile(victim, "utf8")).toBe(JSON.stringify({ cause: "guest" }));
  });
});

describe("adoption", () => {
  it("tells the end of a guest that powered off, and nothing of one that died otherwise", async () => {
    await beginRun(directory);
    await recordProcess(directory, { pid: 2 ** 22 + 1, startTicks: 1 });
    expect(await adoptProcess(planIn(directory), noControl)).toBeUndefined();
    await recordEnd(directory, { cause: "guest" });
    expect(await (await adoptProcess(planIn(directory), noControl))?.ended).toEqual({ cause: "guest" });
  });

  it("does not take a process of that id that is not the machine's", async () => {
    await beginRun(directory);
    const startTicks = Number((await readFile("/proc/self/stat", "utf8")).split(") ")[1]?.split(" ")[19]);
    await recordProcess(directory, { pid: process.pid, startTicks });
    expect(await adoptProcess(planIn(directory), noControl)).toBeUndefined();
  });
});
