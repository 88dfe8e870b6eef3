import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { profileFile } from "../../src/cli/profile.ts";
import { mainCommand } from "../../src/cli/launch.ts";
import { findComponents } from "../../src/cli/processes.ts";
import { sendSignal } from "../../src/host/send-signal.ts";

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "life-cycle-"))));
afterAll(async () => {
  await hostelry("down");
  rmSync(directory, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
}

/** Runs the command line as a user would, in this test's own installation. */
async function hostelry(...argv: readonly string[]): Promise<Ended> {
  const [command, ...rest] = mainCommand([...argv, "--data", directory]);
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = { out: "", said: "" };
  child.stdout.on("data", (part: Buffer) => (ended.out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (ended.said += part.toString()));
  const [code] = await once(child, "close");
  return { code: typeof code === "number" ? code : null, ...ended };
}

const running = () => findComponents(directory).map(({ component }) => component.kind);
const url = () => String(JSON.parse(readFileSync(profileFile(directory), "utf8")).url);

describe("a simulated installation", () => {
  test("before the first `up` is not running", async () => {
    expect((await hostelry("status")).code).toBe(3);
    expect((await hostelry("env")).code).toBe(3);
  });

  test("started by two `up` at once is one process that both wait for", async () => {
    const both = await Promise.all([hostelry("up", "--simulated", "--port", "0"), hostelry("up", "--simulated", "--port", "0")]);
    expect(both.map(({ code, said }) => ({ code, said }))).toEqual([{ code: 0, said: "" }, { code: 0, said: "" }]);
    for (const { out } of both) expect(out).toMatch(/Ready: http:\/\/127\.0\.0\.1:\d+\n[\s\S]*aws ec2 run-instances --image-id ami-[0-9a-f]{17} /);
    expect(running()).toEqual(["control-plane"]);
  });

  test("answers, and says in `env` and `status` where", async () => {
    const answer = await fetch(url());
    expect(answer.status).toBeGreaterThanOrEqual(400); // nobody has signed
    expect((await hostelry("env")).out).toContain(`export AWS_ENDPOINT_URL=${url()}\n`);
    const status = JSON.parse((await hostelry("status", "--json")).out);
    expect(status).toMatchObject({ simulated: true, url: url(), processes: [{ component: "control-plane" }] });
    const zones = status.regions.flatMap((region: { zones: unknown[] }) => region.zones);
    expect(zones.filter((zone: { hosts: { state: string }[] }) => zone.hosts.some((host) => host.state !== "up"))).toEqual([]);
  });

  test("that runs is not started again, and refuses other options", async () => {
    expect(await hostelry("up", "--simulated", "--port", "0")).toMatchObject({ code: 0, out: expect.stringContaining("already running") });
    const other = await hostelry("up", "--simulated", "--port", "0", "--open-accounts");
    expect(other).toMatchObject({ code: 1, said: "hostelry: Hostelry is already running, with other options.\n  End it first (./hostelry down), or leave the options as they are.\n" });
    expect(running()).toEqual(["control-plane"]);
  });

  test("that was killed is not running, and comes back with the same key at the same port", async () => {
    const before = readFileSync(profileFile(directory), "utf8");
    const [first] = findComponents(directory);
    sendSignal(first?.pid ?? 0, "SIGKILL");
    await expect.poll(running).toEqual([]);
    expect((await hostelry("status")).code).toBe(3);
    expect((await hostelry("up", "--simulated", "--port", "0")).code).toBe(0);
    expect(readFileSync(profileFile(directory), "utf8")).toBe(before);
  });

  test("whose port a stranger took says so, or takes another when any would do", async () => {
    await hostelry("down");
    const port = Number(new URL(url()).port);
    const stranger = createServer().listen(port, "127.0.0.1");
    await once(stranger, "listening");
    expect(await hostelry("up", "--simulated")).toMatchObject({ code: 1, said: `hostelry: Port ${port} is in use on this machine.\n  Give another one with --port NUMBER.\n` });
    expect((await hostelry("up", "--simulated", "--port", "0")).code).toBe(0);
    stranger.close();
    expect(url()).not.toContain(String(port));
  });

  test("ends with `down`, which may be repeated", async () => {
    expect(await hostelry("down")).toMatchObject({ code: 0, out: expect.stringMatching(/the control plane ended[\s\S]*Hostelry is down/) });
    expect(running()).toEqual([]);
    expect(await hostelry("down")).toEqual({ code: 0, out: "Hostelry was not running.\n", said: "" });
  });
});
