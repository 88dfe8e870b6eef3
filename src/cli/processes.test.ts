import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { componentArguments, parseComponent, type Component } from "./component.ts";
import { endProcesses, findComponents, identify, isAlive, type ProcessIdentity } from "./processes.ts";

const components: readonly Component[] = [{ kind: "supervisor" }, { kind: "control-plane" }, { kind: "agent", node: "a1" }, { kind: "machine", node: "b1" }];

describe("a command line", () => {
  test.each(components)("names the component that it was made for: %o", (component) => {
    const argv = ["/opt/bin/node", "--disable-warning=ExperimentalWarning", "/opt/hostelry/src/main.ts", ...componentArguments(component, "/data")];
    expect(parseComponent(argv, "/data")).toEqual(component);
    expect(parseComponent(argv, "/other")).toBeUndefined();
    expect(parseComponent([...argv, "--more"], "/data")).toBeUndefined();
  });

  test.each([
    ["of an editor", ["vim", "/opt/hostelry/src/main.ts", "supervise", "--data", "/data"]],
    ["still held by flock", ["flock", "-n", "lock", "node", "/opt/src/main.ts", "supervise", "--data", "/data"]],
    ["of another command", ["node", "/opt/src/main.ts", "status", "--data", "/data"]],
    ["of an agent without a node", ["node", "/opt/src/main.ts", "agent", "--data", "/data"]],
    ["of a kernel thread", []],
  ])("%s is no component", (_whose, argv) => {
    expect(parseComponent(argv, "/data")).toBeUndefined();
  });
});

describe("a process", () => {
  let directory: string;
  const children: ChildProcess[] = [];
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "processes-"))));
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  });

  /** A process with a component's command line that does nothing; with `deaf` it does not end when asked. */
  async function start(component: Component, deaf = false): Promise<ProcessIdentity> {
    mkdirSync(join(directory, "src"), { recursive: true });
    const main = join(directory, "src", "main.ts");
    writeFileSync(main, `${deaf ? 'process.on("SIGTERM", () => {});' : ""} setInterval(() => {}, 1000); console.log("ready");`);
    const child = spawn(process.execPath, [main, ...componentArguments(component, directory)], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout, "data");
    const identity = identify(child.pid ?? 0);
    if (identity === undefined) throw new Error("the child has ended");
    return identity;
  }

  test("that a component has forked, and that has its command line for a moment, is not taken for it", async () => {
    const main = join(directory, "src", "main.ts");
    mkdirSync(join(directory, "src"), { recursive: true });
    writeFileSync(main, `if (process.env.FORKED) console.log("ready"); else require("node:child_process").spawn(process.execPath, process.argv.slice(1), { stdio: "inherit", env: { ...process.env, FORKED: process.pid } }); setInterval(() => process.env.FORKED && process.ppid !== Number(process.env.FORKED) && process.exit(), 100);`);
    const child = spawn(process.execPath, [main, ...componentArguments({ kind: "machine", node: "b1" }, directory)], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    await once(child.stdout, "data");
    expect(findComponents(directory).map(({ pid }) => pid)).toEqual([child.pid]);
  });

  test("of a component is found by its command line, and ends when asked", async () => {
    const started = [await start({ kind: "supervisor" }), await start({ kind: "agent", node: "b2" })];
    const found = findComponents(directory);
    expect(found.toSorted((a, b) => a.startTicks - b.startTicks)).toEqual([
      { ...started[0], component: { kind: "supervisor" } },
      { ...started[1], component: { kind: "agent", node: "b2" } },
    ]);
    expect(await endProcesses(found, 5_000)).toEqual({ forced: 0 });
    expect(started.filter(isAlive)).toEqual([]);
    expect(findComponents(directory)).toEqual([]);
  });

  test("that does not end when asked is ended by force", async () => {
    const deaf = await start({ kind: "control-plane" }, true);
    expect(await endProcesses([deaf], 100)).toEqual({ forced: 1 });
    expect(isAlive(deaf)).toBe(false);
  });

  test("with the same pid but another start time is a stranger and is left alone", async () => {
    const stranger = await start({ kind: "supervisor" });
    const former = { pid: stranger.pid, startTicks: stranger.startTicks - 1 };
    expect(isAlive(former)).toBe(false);
    await endProcesses([former], 1_000);
    expect(isAlive(stranger)).toBe(true);
  });

  test("that ended but was not waited for is not alive", async () => {
    // `sh` starts a child that ends and never waits for it, so that it stays a zombie.
    const shell = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(shell);
    const [output] = await once(shell.stdout, "data");
    const pid = Number(String(output));
    await expect.poll(() => identify(pid)).toBeUndefined();
  });
});
