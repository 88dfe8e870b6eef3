/**
 * The host's system calls that a guest's kernel makes, by name: counted by the host's kernel where it lets us (tracefs, "Event histograms"), else told from
 * looks at /proc.
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { HostCalls } from "../../protocol/inspection.ts";
import { countEvents } from "../event-counter.ts";

const lookMs = 2;

/** Those of x86-64 that User-mode Linux makes; others are shown by their numbers (Linux, arch/x86/entry/syscalls/syscall_64.tbl). */
const names: Readonly<Record<number, string>> = {
  0: "read", 1: "write", 3: "close", 7: "poll", 9: "mmap", 10: "mprotect", 11: "munmap", 13: "rt_sigaction", 14: "rt_sigprocmask", 15: "rt_sigreturn", 17: "pread64", 18: "pwrite64", 19: "readv",
  20: "writev", 24: "sched_yield", 34: "pause", 35: "nanosleep", 39: "getpid", 45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 56: "clone", 61: "wait4", 62: "kill", 72: "fcntl", 74: "fsync",
  75: "fdatasync", 101: "ptrace", 130: "rt_sigsuspend", 131: "sigaltstack", 186: "gettid", 202: "futex", 222: "timer_create", 223: "timer_settime", 224: "timer_gettime", 228: "clock_gettime",
  230: "clock_nanosleep", 232: "epoll_wait", 234: "tgkill", 281: "epoll_pwait", 285: "fallocate", 299: "recvmmsg", 307: "sendmmsg",
};

export async function countCalls(pid: number, sampleMs: number): Promise<Pick<HostCalls, "source" | "calls">> {
  const counted = await countEvents({ event: "raw_syscalls/sys_enter", keys: "id" }, [pid], sampleMs);
  return counted === undefined ? sample(pid, sampleMs) : { source: "counted", calls: toCalls([...counted].map(([id, perSecond]) => [Number(id), perSecond])) };
}

/** How often a look found the process in the call, for each look in a second. */
async function sample(pid: number, sampleMs: number): Promise<Pick<HostCalls, "source" | "calls">> {
  const counts = new Map<number, number>();
  const looks = Math.max(1, Math.round(sampleMs / lookMs));
  for (let look = 0; look < looks; look += 1) {
    const id = Number(readCall(pid).split(" ")[0]); // `running` where it is in no call
    if (Number.isInteger(id)) counts.set(id, (counts.get(id) ?? 0) + 1);
    await delay(lookMs);
  }
  return { source: "sampled", calls: toCalls([...counts].map(([id, count]) => [id, count / looks])) };
}

function readCall(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/syscall`, "utf8");
  } catch {
    return "";
  }
}

function toCalls(rates: readonly (readonly [id: number, perSecond: number])[]): HostCalls["calls"] {
  return rates.map(([id, perSecond]) => ({ name: names[id] ?? `call ${id}`, perSecond })).toSorted((a, b) => b.perSecond - a.perSecond);
}
