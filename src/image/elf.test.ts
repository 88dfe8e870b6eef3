import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { findInterpreter, isElf, neededLibraries, neededModules } from "./elf.ts";

test.runIf(process.platform === "linux" && process.arch === "x64")("a program's libraries and its interpreter are found", async () => {
  const program = await readFile(process.execPath);
  expect(neededLibraries(program)).toContain("libc.so.6");
  expect(findInterpreter(program)).toBe("/lib64/ld-linux-x86-64.so.2");
});

test("a script has neither libraries nor an interpreter", () => {
  const script = Buffer.from(`#!/bin/sh\n${"x".repeat(100)}`);
  expect([isElf(script), neededLibraries(script), findInterpreter(script)]).toEqual([false, [], undefined]);
});

test("a kernel module's dependencies are read from its information", () => {
  expect(neededModules(Buffer.from("\0license=GPL\0depends=virtio_ring,virtio\0name=virtio_pci\0"))).toEqual(["virtio_ring", "virtio"]);
  expect(neededModules(Buffer.from("\0license=GPL\0depends=\0name=virtio_ring\0"))).toEqual([]);
});
