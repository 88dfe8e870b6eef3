/** A daemon that serves a file as the daemon of a volume does, by shared memory. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { expect } from "vitest";
import { sendSignal } from "../../send-signal.ts";
import type { MachinePlan } from "../engine.ts";

/** Listens at the socket when this resolves. */
export async function serveVolume(file: string, socket: string, user: NonNullable<MachinePlan["user"]>): Promise<ChildProcess> {
  await rm(socket, { force: true });
  const node = ["--blockdev", `driver=file,node-name=disk,filename=${file}`];
  const daemon = spawn("qemu-storage-daemon", [...node, "--export", `type=vhost-user-blk,id=disk,node-name=disk,addr.type=unix,addr.path=${socket},writable=on`], user);
  await expect.poll(() => existsSync(socket)).toBe(true);
  return daemon;
}

export async function endVolume(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, "exit");
  daemon.kill("SIGKILL");
  await ended;
}

/** Kills the one process of those that serve the guest's disks whose program is this. */
export async function killDiskServer({ runDirectory }: MachinePlan, program: string): Promise<void> {
  const { stdout } = await promisify(execFile)("pgrep", ["-f", `^(/usr/bin/)?(perl|qemu-storage-daemon) .*${runDirectory}/`]);
  const words = await Promise.all(stdout.trim().split("\n").map(async (pid) => ({ pid: Number(pid), text: await readFile(`/proc/${pid}/cmdline`, "utf8") })));
  const [found, ...others] = words.filter(({ text }) => text.startsWith(program) || text.includes(`/${program}`));
  expect(others).toEqual([]);
  sendSignal(found?.pid ?? 0, "SIGKILL");
}
