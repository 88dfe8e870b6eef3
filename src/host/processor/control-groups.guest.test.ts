/** The kernel's own control groups, with processes that want all they can have. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { sendSignal } from "../send-signal.ts";
import { openProcessorGroups, type ProcessorGroups } from "./control-groups.ts";

const names: string[] = [];
const children: ChildProcess[] = [];

async function end(child: ChildProcess | undefined): Promise<void> {
  const gone = new Promise((resolve) => child?.once("exit", resolve));
  sendSignal(-(child?.pid ?? 0), "SIGKILL");
  await gone;
}

afterEach(async () => {
  for (const child of children.splice(0)) await end(child);
  const groups = open();
  for (const name of names.splice(0)) await expect.poll(() => groups.remove(name)).toBe(true);
});

function open(): ProcessorGroups {
  const groups = openProcessorGroups();
  if ("missing" in groups) throw new Error(groups.missing);
  return groups;
}

/** A shell with a child, both of which count for ever. */
async function startBusy(): Promise<number> {
  const child = spawn("sh", ["-c", "(while :; do :; done) & while :; do :; done"], { detached: true, stdio: "ignore" });
  children.push(child);
  const pid = child.pid ?? 0;
  await expect.poll(() => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")).not.toBe("");
  return pid;
}

function newName(): string {
  const name = `i-${randomBytes(8).toString("hex")}f`;
  names.push(name);
  return name;
}

/** Processors that the group used, in a second or so. */
async function usage(groups: ProcessorGroups, name: string): Promise<number> {
  const [usedUs, from] = [groups.readUsedUs(name) ?? 0, performance.now()];
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return ((groups.readUsedUs(name) ?? 0) - usedUs) / 1000 / (performance.now() - from);
}

test("A group holds a process and its children to a limit, and lets them go", async () => {
  const [groups, name, pid] = [open(), newName(), await startBusy()];
  groups.hold(name, pid);
  groups.setVcpus(name, 2);
  groups.setLimit(name, 0.05);
  expect(await usage(groups, name)).toBeLessThan(0.1);
  groups.setLimit(name, undefined);
  expect(await usage(groups, name)).toBeGreaterThan(0.1); // as much as a busy machine has for it
  expect(groups.remove(name)).toBe(false);
});

test("Groups without processes go at once, whoever made them, and the others stay", async () => {
  const [groups, ended, running] = [open(), newName(), newName()];
  groups.hold(ended, await startBusy());
  groups.hold(running, await startBusy());
  await end(children.shift());
  await expect.poll(() => (open().removeEmpty(), groups.readUsedUs(ended))).toBeUndefined();
  expect(groups.readUsedUs(running)).toBeDefined();
});
