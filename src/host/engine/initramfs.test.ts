import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { busyboxEntries, initramfs } from "./initramfs.ts";

const hasBusybox = spawnSync("busybox").error === undefined;

describe("a first file system", () => {
  const archive = initramfs([...busyboxEntries(Buffer.from("program"), "#!/bin/sh\n"), { path: "modules", kind: "folder" }]);

  it.skipIf(!hasBusybox)(`is what busybox's cpio understands${hasBusybox ? "" : " (busybox is missing)"}`, () => {
    const listing = execFileSync("busybox", ["cpio", "-itv"], { input: archive, encoding: "utf8" });
    expect(listing.split("\n").map((line) => line.replaceAll(/\s+/g, " ").trim().split(" ").filter((_, index) => index === 0 || index > 4).join(" "))).toEqual([
      "drwxr-xr-x bin",
      "drwxr-xr-x dev",
      "drwxr-xr-x proc",
      "drwxr-xr-x sys",
      "crw------- dev/console",
      "-rwxr-xr-x bin/busybox",
      "lrwxrwxrwx bin/sh -> busybox",
      "-rwxr-xr-x init",
      "drwxr-xr-x modules",
      "",
    ]);
  });

  it("is the same bytes for the same content", () => {
    expect(initramfs([{ path: "a", kind: "file", content: "b" }])).toEqual(initramfs([{ path: "a", kind: "file", content: "b" }]));
  });
});
