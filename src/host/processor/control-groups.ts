/**
 * Control groups for the processor time of machines: a group for each, with a weight, a limit where there is one, and a counter. Version 2 of control groups
 * where it has the processor's controller, else version 1 (`cpu` and `cpuacct`, together or apart). No limit is lost when the agent ends: groups are the kernel's.
 */
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

export interface ProcessorGroups {
  /** Makes the group, and puts the process and all its descendants there. May be repeated. */
  hold(name: string, pid: number): void;
  /** Beside other machines, when all want more than there is. */
  setVcpus(name: string, vcpus: number): void;
  /** In processors; undefined: no limit. */
  setLimit(name: string, processors: number | undefined): void;
  /** Of all that ever ran in the group, microseconds; undefined: there is no such group. */
  readUsedUs(name: string): number | undefined;
  /** Once its processes are gone; returns whether it is. */
  remove(name: string): boolean;
  /** Every group without processes, whoever left it. */
  removeEmpty(): void;
}

/** Short, so that a guest with a small share does not stand still for long, and long enough for a share of a hundredth. */
const periodUs = 20_000;
const leastQuotaUs = 1_000;
const parent = "hostelry";
/** What a group weighs beside others, for each processor; the group of all machines weighs as much as one process on each of the host's. */
const [weight, shares] = [100, 1024];
const [mostWeight, mostShares] = [10_000, 262_144];

/** The machine's control groups, or why there are none to be had. */
export function openProcessorGroups(mounts = readFileSync("/proc/self/mountinfo", "utf8")): ProcessorGroups | { readonly missing: string } {
  const places = findPlaces(mounts);
  if (places === undefined) return { missing: "no control groups for processors are mounted" };
  try {
    return places.version === 2 ? openVersion2(places.directory) : openVersion1(places.cpu, places.account);
  } catch (error) {
    return { missing: `control groups for processors cannot be made: ${error instanceof Error ? error.message : String(error)}` };
  }
}

type Places = { readonly version: 2; readonly directory: string } | { readonly version: 1; readonly cpu: string; readonly account: string };

/** Lines of mountinfo(5): the mount point is the fifth field; behind ` - ` come type, source and options. */
export function findPlaces(mounts: string, read = (file: string): string => readFileSync(file, "utf8")): Places | undefined {
  const found = mounts.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [type = "", , options = ""] = after.split(" ");
    return type.startsWith("cgroup") ? [{ type, directory: before.split(" ")[4] ?? "", options: options.split(",") }] : [];
  });
  const second = found.find(({ type, directory }) => type === "cgroup2" && read(join(directory, "cgroup.controllers")).split(/\s/).includes("cpu"));
  if (second !== undefined) return { version: 2, directory: second.directory };
  const [cpu, account] = ["cpu", "cpuacct"].map((controller) => found.find(({ options }) => options.includes(controller))?.directory);
  return cpu === undefined || account === undefined ? undefined : { version: 1, cpu, account };
}

function openVersion2(root: string): ProcessorGroups {
  const home = join(root, parent);
  writeFileSync(join(root, "cgroup.subtree_control"), "+cpu");
  const setWeight = (directory: string, processors: number): void => writeFileSync(join(directory, "cpu.weight"), String(Math.min(mostWeight, weight * processors)));
  const open = (): void => {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "cgroup.subtree_control"), "+cpu");
    setWeight(home, availableParallelism());
  };
  return {
    hold: (name, pid) => {
      const directory = join(home, name);
      unlessRemoved(() => {
        open();
        mkdirSync(directory, { recursive: true });
        moveAll(pid, [directory]);
      });
    },
    setVcpus: (name, vcpus) => setWeight(join(home, name), vcpus),
    setLimit: (name, processors) => writeFileSync(join(home, name, "cpu.max"), processors === undefined ? "max" : `${quotaUs(processors)} ${periodUs}`),
    readUsedUs: (name) => readNumber(join(home, name, "cpu.stat"), /^usage_usec (\d+)$/m),
    remove: (name) => removeGroup(join(home, name)) && (removeGroup(home), true),
    removeEmpty: () => removeGroupsIn(home),
  };
}

function openVersion1(cpu: string, account: string): ProcessorGroups {
  const homes = [...new Set([join(cpu, parent), join(account, parent)])];
  const [limits, counters] = [join(cpu, parent), join(account, parent)];
  for (const directory of [cpu, account]) accessSync(directory, constants.W_OK);
  const setWeight = (directory: string, processors: number): void => writeFileSync(join(directory, "cpu.shares"), String(Math.min(mostShares, shares * processors)));
  return {
    hold: (name, pid) => {
      const directories = homes.map((home) => join(home, name));
      unlessRemoved(() => {
        for (const directory of directories) mkdirSync(directory, { recursive: true });
        setWeight(limits, availableParallelism());
        moveAll(pid, directories);
      });
    },
    setVcpus: (name, vcpus) => setWeight(join(limits, name), vcpus),
    setLimit: (name, processors) => {
      writeFileSync(join(limits, name, "cpu.cfs_period_us"), String(periodUs));
      writeFileSync(join(limits, name, "cpu.cfs_quota_us"), String(processors === undefined ? -1 : quotaUs(processors)));
    },
    readUsedUs: (name) => {
      const nanoseconds = readNumber(join(counters, name, "cpuacct.usage"), /(\d+)/);
      return nanoseconds === undefined ? undefined : nanoseconds / 1000;
    },
    remove: (name) => homes.every((home) => removeGroup(join(home, name))) && (homes.forEach(removeGroup), true),
    removeEmpty: () => homes.forEach(removeGroupsIn),
  };
}

function quotaUs(processors: number): number {
  return Math.max(leastQuotaUs, Math.round(processors * periodUs));
}

/** A child that is started meanwhile begins where its parent is: moved from the parent downwards until nobody new is found, none is left behind. */
function moveAll(pid: number, groups: readonly string[]): void {
  const moved = new Set<number>();
  for (let next: number | undefined = pid; next !== undefined; next = descendants(pid).find((each) => !moved.has(each))) {
    moved.add(next);
    for (const group of groups) move(next, group);
  }
}

/** Another host's agent may remove a group that is still empty: then once more. */
function unlessRemoved(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!["ENOENT", "ENODEV"].includes(codeOf(error) ?? "")) throw error;
    work();
  }
}

/** A process that has just ended need not be moved. */
function move(pid: number, group: string): void {
  try {
    writeFileSync(join(group, "cgroup.procs"), String(pid));
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error;
  }
}

function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
}

function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number));
  } catch {
    return [];
  }
}

/** Not while there are processes or other groups in it. */
function removeGroup(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return codeOf(error) === "ENOENT";
  }
}

function removeGroupsIn(home: string): void {
  try {
    for (const entry of readdirSync(home, { withFileTypes: true })) if (entry.isDirectory()) removeGroup(join(home, entry.name));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function readNumber(file: string, pattern: RegExp): number | undefined {
  try {
    const text = pattern.exec(readFileSync(file, "utf8"))?.[1];
    return text === undefined ? undefined : Number(text);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
