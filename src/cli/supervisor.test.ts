import { spawn, type ChildProcess } from "node:child_process";
import { afterEach, describe, expect, test } from "vitest";
import { silentLog } from "../base/log.ts";
import { componentName, type Component } from "./component.ts";
import { endProcesses, identify, isAlive, type ComponentProcess } from "./processes.ts";
import { pauseMs, superviseComponents } from "./supervisor.ts";

const atFirst: readonly Component[] = [{ kind: "control-plane" }, { kind: "agent", node: "a1" }];
let wanted = atFirst;
const stopped: AbortController[] = [];
const started: { readonly name: string; readonly child: ChildProcess }[] = [];

afterEach(() => {
  wanted = atFirst;
  for (const controller of stopped.splice(0)) controller.abort();
  for (const { child } of started.splice(0)) child.kill("SIGKILL");
});

/** Supervises `sleep` processes in the place of the real ones. */
function supervise(running: readonly ComponentProcess[] = [], seconds = "60", isHeld: (component: Component) => boolean = () => false): { readonly over: Promise<void>; readonly controller: AbortController } {
  const controller = new AbortController();
  stopped.push(controller);
  const launch = (component: Component) => {
    const child = spawn("sleep", [seconds], { stdio: "ignore", detached: true });
    started.push({ name: componentName(component), child });
    return child;
  };
  const findRunning = () => running.filter(isAlive);
  const over = superviseComponents({ wanted: async () => wanted, launch, findRunning, isHeld, now: () => performance.now(), log: silentLog, signal: controller.signal });
  return { over, controller };
}

const names = () => started.map(({ name }) => name);

function startSleeper(component: Component): ComponentProcess {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  started.push({ name: "before", child });
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error("the sleeper has ended");
  return { ...identity, component };
}

describe("the supervisor", () => {
  test("starts what is wanted, and again what was killed", async () => {
    supervise();
    await expect.poll(names).toEqual(["control-plane", "agent-a1"]);
    started[1]?.child.kill("SIGKILL");
    await expect.poll(names).toEqual(["control-plane", "agent-a1", "agent-a1"]);
  });

  test("leaves alone what runs already, and starts it again when that ends", async () => {
    const survivor = startSleeper({ kind: "agent", node: "a1" });
    supervise([survivor]);
    await expect.poll(names).toEqual(["before", "control-plane"]);
    await endProcesses([survivor], 1_000);
    await expect.poll(names).toEqual(["before", "control-plane", "agent-a1"]);
  });

  test("starts nothing that is held, and starts it when it is not held any more", async () => {
    let held = true;
    let looks = 0;
    supervise([], "60", (component) => component.kind === "agent" && ++looks > 0 && held);
    await expect.poll(() => looks).toBeGreaterThan(2);
    expect(names()).toEqual(["control-plane"]);
    held = false;
    await expect.poll(names).toEqual(["control-plane", "agent-a1"]);
  });

  test("starts what is wanted later, and does not start again what is wanted no more", async () => {
    supervise();
    await expect.poll(() => started.length).toBe(2);
    wanted = [{ kind: "control-plane" }, { kind: "agent", node: "a2" }];
    await expect.poll(names).toEqual(["control-plane", "agent-a1", "agent-a2"]);
    for (const { child } of started.slice(0, 2)) child.kill("SIGKILL");
    await expect.poll(names).toEqual(["control-plane", "agent-a1", "agent-a2", "control-plane"]);
  });

  test("leaves everything running when it ends", async () => {
    const { over, controller } = supervise();
    await expect.poll(() => started.length).toBe(2);
    controller.abort();
    await over;
    expect(started.map(({ child }) => identify(child.pid ?? 0) !== undefined)).toEqual([true, true]);
  });

  test("waits longer and longer for what keeps ending, up to a limit", () => {
    expect([0, 1, 2, 3, 4, 20].map(pauseMs)).toEqual([0, 0, 500, 1000, 2000, 10_000]);
  });
});
