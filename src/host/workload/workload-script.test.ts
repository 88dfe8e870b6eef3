import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runWorkload } from "./run-workload.ts";
import { begun, parseScores, workloadParts, workloadScript } from "./workload-script.ts";

const { signal } = new AbortController();

test("The workload runs natively and says of each part how much it did", async () => {
  const output = await runWorkload(tmpdir(), 0.01, signal);
  const scores = parseScores(output);
  expect(scores.map(({ name }) => name)).toEqual(workloadParts.map(({ name }) => name));
  expect(scores.every(({ perSecond, units }) => perSecond > 0 && units > 0)).toBe(true);
  expect(() => parseScores(output.replace("disk:", "desk:"))).toThrow("the workload said nothing of disk");
});

test("A part alone pauses before and behind, so that others can look", () => {
  const [part] = workloadParts;
  if (part === undefined) throw new Error("there is none");
  const output = execFileSync("/bin/busybox", ["sh", "-c", workloadScript("/bin/busybox", tmpdir(), 0.01, { only: [part], pauseSeconds: 0 })], { encoding: "utf8" });
  expect(output.split("\n")).toEqual([begun, expect.stringMatching(/^integer: \d+ \d+$/), ""]);
});

test("The workload fails as soon as a part does, names it, and leaves nothing behind", async () => {
  const directory = await mkdtemp(join(tmpdir(), "workload-"));
  const script = (busybox: string, seconds: number) => workloadScript(busybox, directory, seconds).replaceAll("/dev/shm", directory);
  try {
    await expect(runWorkload(join(directory, "none"), 0.01, signal)).rejects.toThrow("the workload failed at: preparation");
    for (const { fails, part } of [{ fails: "*awk*", part: "floating point" }, { fails: "*if=/dev/zero\\ bs=1\\ count=1000*", part: "context switches" }]) {
      const busybox = join(directory, "busybox");
      await writeFile(busybox, `#!/bin/busybox sh\ncase "$*" in ${fails}) exit 1;; esac\nexec /bin/busybox "$@"\n`, { mode: 0o755 });
      expect(() => execFileSync("/bin/busybox", ["sh", "-c", script(busybox, 0.01)], { stdio: "pipe" })).toThrow(`the workload failed at: ${part}`);
    }
    expect(() => execFileSync("/bin/busybox", ["timeout", "1", "/bin/busybox", "sh", "-c", script("/bin/busybox", 60)], { stdio: "pipe" })).toThrow();
    expect(await readdir(directory)).toEqual(["busybox"]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
