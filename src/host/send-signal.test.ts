import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { sendSignal } from "./send-signal.ts";

test("a signal ends a process, comes too late for one that has ended, and is for nobody without a number", async () => {
  const child = spawn("sleep", ["60"]);
  const ended = once(child, "exit");
  sendSignal(child.pid ?? 0, "SIGKILL");
  expect(await ended).toEqual([null, "SIGKILL"]);
  expect(() => sendSignal(child.pid ?? 0, "SIGKILL")).not.toThrow();
  expect(() => sendSignal(0, "SIGKILL")).toThrow("no process is named");
});
