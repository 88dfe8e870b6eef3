import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { CapabilityError } from "../../base/errors.ts";
import { type DetachedProcess, findProcess, isAlive, isOurs, killAndWait, startDetached, waitForEnd } from "./engine-process.ts";

const started: DetachedProcess[] = [];
const never = new Promise<void>(() => {});

async function start(...words: string[]): Promise<DetachedProcess> {
  const detached = await startDetached({ program: "sleep", arguments: words, directory: tmpdir(), environment: { PATH: "/usr/bin:/bin" }, descriptors: [], remedy: "" });
  started.push(detached);
  return detached;
}

afterEach(() => killAndWait(started.splice(0).map(({ identity }) => identity)));

describe("a detached process", () => {
  it("is known by its id and its start time together", async () => {
    const { identity } = await start("1000");
    expect(isAlive(identity)).toBe(true);
    expect(isAlive({ ...identity, startTicks: identity.startTicks - 1 })).toBe(false);
  });

  it("is ours only with the right words and owner", async () => {
    const { identity } = await start("1000", "0.25");
    expect(isOurs(identity, "0.25", process.getuid?.())).toBe(true);
    expect(isOurs(identity, "0.26", undefined)).toBe(false);
    expect(isOurs(identity, "0.25", 4_242_424)).toBe(false);
  });

  it("is found by its words when no record names it", async () => {
    const { identity } = await start("1000", "0.3751");
    expect(findProcess("0.3751", undefined)).toEqual(identity);
    expect(findProcess("0.3752", undefined)).toBeUndefined();
  });

  it("counts as gone once killed, and the wait for its end is over", async () => {
    const { identity } = await start("1000");
    const ended = waitForEnd(identity, never, new AbortController().signal);
    await killAndWait([identity]);
    await ended;
    expect(isAlive(identity)).toBe(false);
  });

  it("counts as gone while it is a zombie", async () => {
    const mark = "a-child-that-nobody-waits-for";
    const parent = spawn("bash", ["-c", `exec 3<&0; bash -c 'read -r word' ${mark} <&3 & echo $!; exec sleep 1000`], { stdio: ["pipe", "pipe", "ignore"] });
    try {
      const pid = Number(await new Promise((resolve) => parent.stdout.once("data", (data: Buffer) => resolve(data.toString()))));
      await expect.poll(() => [findProcess(mark, undefined)?.pid, readFileSync(`/proc/${parent.pid}/comm`, "utf8")]).toEqual([pid, "sleep\n"]);
      parent.stdin.write("end\n"); // only now, when its parent is a program that looks after no children
      await expect.poll(() => readFileSync(`/proc/${pid}/stat`, "utf8")).toContain(") Z ");
      expect(findProcess(mark, undefined)?.pid).not.toBe(pid);
    } finally {
      parent.kill("SIGKILL");
    }
  });

  it("says what to install when its program is missing", async () => {
    const missing = startDetached({ program: "/nonexistent/program", arguments: [], directory: "/", environment: {}, descriptors: [], remedy: "install it" });
    await expect(missing).rejects.toThrow(CapabilityError);
  });
});
