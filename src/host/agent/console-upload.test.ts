import { appendFile, mkdtemp, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../base/log.ts";
import { consoleFiles } from "./console-files.ts";
import { ConsoleUpload } from "./console-upload.ts";

interface Upload {
  readonly run: number;
  readonly settled: boolean;
  readonly text: string;
}

let directory: string;
let file: string;
let uploads: Upload[];
let reachable: boolean;
let leave: AbortController;
let upload: ConsoleUpload;

beforeEach(async () => {
  directory = await mkdtemp("/tmp/hostelry-console-");
  file = join(directory, "console.log");
  await writeFile(file, "");
  uploads = [];
  reachable = true;
  leave = new AbortController();
  upload = new ConsoleUpload({
    file,
    consoles: consoleFiles,
    upload: async (run, settled, output) => {
      if (reachable) uploads.push({ run, settled, text: Buffer.from(output).toString() });
      return reachable;
    },
    log: silentLog,
    signal: leave.signal,
    timing: { betweenUploadsMs: 10, quietMs: 40, settledByMs: 5_000, retryMs: 20 },
  });
});

afterEach(async () => {
  leave.abort();
  upload.stop();
  await rm(directory, { recursive: true, force: true });
});

describe("serial output", () => {
  it("is brought over while it grows, and settled once it pauses", async () => {
    upload.follow(1);
    await appendFile(file, "Linux version\n");
    await expect.poll(() => uploads.at(-1)).toEqual({ run: 1, settled: true, text: "Linux version\n" });
    await appendFile(file, "login:");
    await expect.poll(() => uploads.at(-1)?.text).toBe("Linux version\nlogin:");
  });

  it("is settled at the end of a run, even when its file is removed before the control plane is back", async () => {
    upload.follow(1);
    await appendFile(file, "Power down");
    reachable = false;
    await upload.end(1);
    await rm(file);
    await new Promise((resolve) => setTimeout(resolve, 50));
    reachable = true;
    await expect.poll(() => uploads.at(-1)).toEqual({ run: 1, settled: true, text: "Power down" });
  });

  it("keeps the newest 64 KiB when its file is cut off", async () => {
    await writeFile(file, `${"x".repeat(600 * 1024)}end`);
    await consoleFiles.bound(file);
    expect((await stat(file)).size).toBe(0);
    await appendFile(file, "more");
    const tail = Buffer.from(await consoleFiles.tail(file, 64 * 1024)).toString();
    expect([tail.length, tail.slice(-7)]).toEqual([64 * 1024, "endmore"]);
  });

  it("begins anew with a run", async () => {
    await writeFile(file, "earlier");
    await consoleFiles.clear(file);
    await truncate(file);
    expect((await consoleFiles.tail(file, 100)).length).toBe(0);
  });
});
