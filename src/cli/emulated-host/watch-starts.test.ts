import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recordImageBuild } from "../image-builds.ts";
import { logFile } from "../launch.ts";
import type { ComponentProcess } from "../processes.ts";
import { watchStarts } from "./watch-starts.ts";

let directory: string;
let notes: string[];
/** The computer's process; 0: there is none. */
let pid: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "starts-"));
  [notes, pid] = [[], 0];
  say("said in an earlier run");
});
afterEach(() => rmSync(directory, { recursive: true }));

function say(line: string): void {
  const file = logFile(directory, "machine-b1");
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${line}\n`);
}

function watch(): (nodes: readonly string[]) => readonly string[] {
  const progress = { working() {}, done() {}, note: (text: string) => void notes.push(text), end() {} };
  const find = (): readonly ComponentProcess[] => [{ pid: 7, startTicks: 1, component: { kind: "agent", node: "a1" } }, ...(pid === 0 ? [] : [{ pid, startTicks: 1, component: { kind: "machine", node: "b1" } as const }])];
  return watchStarts({ dataDirectory: directory, runDirectory: directory, progress, find });
}

test("What the computer of an emulated host says last is shown for as long as it runs, and nothing of what was before", () => {
  const look = watch();
  expect(look(["a1", "b1"]), "it has not begun").toEqual([]);
  pid = 11;
  expect(look(["a1", "b1"])).toEqual(["b1: its computer starts"]);
  recordImageBuild(directory, "emulated-host", { state: "building", step: "downloading packages (5 %)" });
  expect(look(["b1"])).toEqual(["b1: the system of emulated hosts: downloading packages (5 %)"]);
  recordImageBuild(directory, "emulated-host", { state: "built", step: "done" });
  say('{"at":"2026-01-01T00:00:00Z","level":"info","message":"the computer of an emulated host is on","component":"machine-b1","pid":11}');
  expect(look(["b1"])).toEqual(["b1: the computer of an emulated host is on"]);
  appendFileSync(logFile(directory, "machine-b1"), '{"at":');
  expect(look(["b1"]), "a line that is still being written").toEqual(["b1: the computer of an emulated host is on"]);
  say("");
  say("\u001B[1memulated host: started after 7.52 s\r");
  expect(look(["b1"])).toEqual(["b1: [1memulated host: started after 7.52 s"]);
  expect([look([]), notes]).toEqual([[], []]);
});

test("A computer that ends is started again and goes on being waited for; the third end is the last", () => {
  const look = watch();
  const endOne = (next: number): void => {
    say("hostelry: the network card's emulator is broken");
    pid = 0;
    expect(look(["b1"])).toEqual([]);
    expect(look(["b1"]), "one end counts once").toEqual([]);
    pid = next;
  };
  pid = 11;
  look(["b1"]);
  endOne(12);
  expect([look(["b1"]).length, notes]).toEqual([1, ["! the computer of b1 ended and is started again: hostelry: the network card's emulator is broken"]]);
  pid = 13; // between two looks
  expect([look(["b1"]).length, notes.length]).toEqual([1, 2]);
  pid = 0;
  expect(() => look(["b1"])).toThrow("The computer of b1 ended 3 times while it was waited for: hostelry: the network card's emulator is broken");
});
