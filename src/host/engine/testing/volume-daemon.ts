/** A daemon that serves a file as the daemon of a volume does, by shared memory. */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { expect } from "vitest";
import { sendSignal } from "../../send-signal.ts";
import type { MachinePlan } from "../engine.ts";

/** Listens at the socket when this resolves. */
export function serveVolume(file: string, socket: string, user: NonNullable<MachinePlan["user"]>): Promise<ChildProcess> {
  return serve(`driver=file,node-name=disk,filename=${file}`, socket, user);
}

/** Has nothing but zeroes, and takes two seconds for each request. */
export function serveSlowVolume(bytes: number, socket: string, user: NonNullable<MachinePlan["user"]>): Promise<ChildProcess> {
  return serve(`driver=null-co,node-name=disk,size=${bytes},read-zeroes=on,latency-ns=2000000000`, socket, user);
}

async function serve(node: string, socket: string, user: NonNullable<MachinePlan["user"]>): Promise<ChildProcess> {
  await rm(socket, { force: true });
  const daemon = spawn("qemu-storage-daemon", ["--blockdev", node, "--export", `type=vhost-user-blk,id=disk,node-name=disk,addr.type=unix,addr.path=${socket},writable=on`], user);
  await expect.poll(() => existsSync(socket)).toBe(true);
  return daemon;
}

/** Requests to the guest's disks that have begun and not ended, as its relay has them noted: of 16 bytes for each that there can be, after as many of a head, the first says so. */
export async function countBegun(plan: MachinePlan): Promise<number> {
  const relay = await findDiskServer(plan, "disk-relay.pl");
  const files = readdirSync(`/proc/${relay}/fd`).map((number) => `/proc/${relay}/fd/${number}`);
  const notes = files.filter((file) => readlinkSync(file).startsWith("/memfd:vhost-inflight")).map((file) => readFileSync(file));
  return notes.reduce((sum, each) => sum + each.filter((byte, place) => place >= 16 && place % 16 === 0 && byte !== 0).length, 0);
}

export async function endVolume(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, "exit");
  daemon.kill("SIGKILL");
  await ended;
}

/** Kills the one process of those that serve the guest's disks whose program is this. */
export async function killDiskServer(plan: MachinePlan, program: string): Promise<void> {
  sendSignal(await findDiskServer(plan, program), "SIGKILL");
}

async function findDiskServer({ runDirectory }: MachinePlan, program: string): Promise<number> {
  const { stdout } = await promisify(execFile)("pgrep", ["-f", `^(/usr/bin/)?(perl|qemu-storage-daemon) .*${runDirectory}/`]);
  const words = await Promise.all(stdout.trim().split("\n").map(async (pid) => ({ pid: Number(pid), text: await readFile(`/proc/${pid}/cmdline`, "utf8") })));
  const [found, ...others] = words.filter(({ text }) => text.startsWith(program) || text.includes(`/${program}`));
  expect(others).toEqual([]);
  return found?.pid ?? 0;
}
