import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { counted, renderTable, terminalProgress } from "./terminal.ts";

test("progress that is not on a terminal is one line for each new step", () => {
  const written: string[] = [];
  const progress = terminalProgress({ write: (text) => written.push(text) });
  progress.working("starting: 1 of 3");
  progress.working("starting: 2 of 3");
  progress.working("ending");
  progress.working("ending");
  progress.done("started");
  progress.note("ready");
  progress.end();
  expect(written.join("")).toBe("… starting: 1 of 3\n… ending\n✓ started\nready\n");
});

test("progress on a terminal leaves only what is done", () => {
  const written: string[] = [];
  const progress = terminalProgress({ isTTY: true, columns: 30, write: (text) => written.push(text) });
  progress.working("a step with a text that is longer than the terminal is wide");
  progress.done("started");
  progress.end();
  // What follows the last "clear the line" is what stays to be seen.
  expect(written.join("").split("\u001B[K").at(-1)).toBe("\u001B[32m✓\u001B[0m started\n");
  expect(written.every((text) => stripVTControlCharacters(text).length <= 31)).toBe(true);
});

test("a table has columns of equal width and no blanks at the ends of lines", () => {
  expect(renderTable([["HOST", "STATE", "X"], ["a1", "up", ""], ["longer", "", "y"]])).toBe("HOST    STATE  X\na1      up\nlonger         y");
});

test("counts agree with their noun", () => {
  expect([0, 1, 2].map((count) => counted(count, "guest"))).toEqual(["0 guests", "1 guest", "2 guests"]);
});
