/** What a QEMU process does for its guest: the translator's figures and one of its blocks, or KVM's counters. */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { InspectedDevice, Inspection, ProcessorExits, TranslatedBlock, TranslatedOperations } from "../../protocol/inspection.ts";
import type { MachinePlan } from "../engine.ts";
import { countEvents } from "../event-counter.ts";
import { guestProcessors, readTimes, toFigures, type ProcessTimes } from "../process-figures.ts";
import { nameExit } from "./exit-reasons.ts";
import { acceleratorId } from "./qemu-arguments.ts";
import { chooseBlock } from "./translation-log.ts";

export type Execute = (command: string, parameters?: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** How long blocks are logged, and how often it is tried to see a privileged instruction among them. A log of busy guests grows by megabytes. */
const [logMs, logTries] = [100, 3];

export async function inspectQemu(plan: MachinePlan, pid: number, execute: Execute, sampleMs: number): Promise<Inspection> {
  const isTranslated = !(await execute("human-monitor-command", { "command-line": "info kvm" }).then(String)).includes("enabled"); // "disabled", or "not compiled" for another processor
  return isTranslated ? inspectTranslated(plan, pid, execute, sampleMs) : inspectAssisted(plan, pid, execute, sampleMs);
}

async function inspectTranslated(plan: MachinePlan, pid: number, execute: Execute, sampleMs: number): Promise<Inspection> {
  const before = { times: readTimes([pid]), figures: await readTranslator(execute) };
  await delay(sampleMs);
  const after = { times: readTimes([pid]), figures: await readTranslator(execute) };
  const common = toCommon(plan, pid, before.times, after.times);
  const sample = await sampleBlock(plan, execute);
  const absent = sample === undefined ? [{ what: "a translated block", why: "nothing was translated anew while we looked; a busy guest shows one" }] : [];
  return { ...common, virtualization: "emulated", engine: "qemu-tcg", privileged: toTranslated(before.figures, after.figures, common.sampledMs / 1000, sample), absent };
}

async function inspectAssisted(plan: MachinePlan, pid: number, execute: Execute, sampleMs: number): Promise<Inspection> {
  const threads = listOf(await execute("query-cpus-fast")).map((cpu) => Number(fieldOf(cpu, "thread-id")));
  const before = { times: readTimes([pid]), counters: await readCounters(execute) };
  const reasons = sampleMs === 0 ? new Map() : await countEvents({ event: "kvm/kvm_exit", keys: "isa,exit_reason" }, threads, sampleMs); // no time, no rates
  if (reasons === undefined) await delay(sampleMs);
  const after = { times: readTimes([pid]), counters: await readCounters(execute) };
  const common = toCommon(plan, pid, before.times, after.times);
  const guest = guestProcessors(before.times, after.times);
  const privileged: ProcessorExits = {
    how: "trapped",
    reasons: toReasons(reasons ?? new Map()),
    counters: toRates(before.counters, after.counters, common.sampledMs / 1000),
    guestProcessors: guest,
    hypervisorProcessors: Math.max(0, common.process.userProcessors + common.process.kernelProcessors - guest), // Linux counts a guest's own time as its process's, too
  };
  const absent = [
    ...(reasons === undefined ? [{ what: "exits by reason", why: "tracefs is not mounted or not for us" }] : []),
    ...(privileged.counters.length === 0 ? [{ what: "KVM's counters", why: "this QEMU or this kernel gives none (QMP query-stats)" }] : []),
  ];
  return { ...common, virtualization: "hardware", engine: "qemu-kvm", privileged, absent };
}

function toCommon(plan: MachinePlan, pid: number, before: ProcessTimes, after: ProcessTimes): Pick<Inspection, "id" | "pid" | "sampledMs" | "process" | "devices"> {
  return { id: plan.id, pid, sampledMs: Math.round(after.atMs - before.atMs), process: toFigures([pid], before, after), devices: listDevices(plan) };
}

interface TranslatorFigures {
  readonly blocks: number;
  readonly cacheBytes: number;
  readonly cacheLimitBytes: number;
  readonly expansion: number;
  readonly invalidated: number;
}

async function readTranslator(execute: Execute): Promise<TranslatorFigures> {
  const text = String(await execute("human-monitor-command", { "command-line": "info jit" }));
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  return {
    blocks: number(/^TB count +(\d+)/m),
    cacheBytes: number(/^gen code size +(\d+)/m),
    cacheLimitBytes: number(/^gen code size +\d+\/(\d+)/m),
    expansion: number(/expansion ratio: ([\d.]+)/),
    invalidated: number(/^TB invalidate count +(\d+)/m),
  };
}

function toTranslated(before: TranslatorFigures, after: TranslatorFigures, seconds: number, sample: TranslatedBlock | undefined): TranslatedOperations {
  const { blocks, cacheBytes, cacheLimitBytes, expansion, invalidated } = after;
  return {
    how: "translated",
    blocks,
    blocksPerSecond: Math.max(0, blocks - before.blocks) / seconds,
    cacheBytes,
    cacheLimitBytes,
    expansion,
    invalidatedPerSecond: Math.max(0, invalidated - before.invalidated) / seconds,
    ...(sample === undefined ? {} : { sample }),
  };
}

/** `nochain` makes the translator do its work anew for as long as the log is on. */
async function sampleBlock(plan: MachinePlan, execute: Execute): Promise<TranslatedBlock | undefined> {
  const file = logFile(plan);
  const command = (line: string) => execute("human-monitor-command", { "command-line": line });
  let best: TranslatedBlock | undefined;
  try {
    for (let tries = 0; tries < logTries; tries += 1) {
      await command(`logfile ${file}`);
      await command("log nochain,in_asm,op,out_asm");
      await delay(logMs);
      await command("log none");
      const block = chooseBlock(await readFile(file, "utf8").catch(() => ""));
      if (block?.guest.some(({ privileged }) => privileged) === true) return block;
      best ??= block;
    }
    return best;
  } finally {
    await endLog(plan, execute);
  }
}

/** For a process whose agent may have been killed while it looked: the log would grow until the disk is full. QEMU makes the file when the log is switched on. */
export async function endForgottenLog(plan: MachinePlan, execute: Execute): Promise<void> {
  if (existsSync(logFile(plan))) await endLog(plan, execute);
}

/**
 * QEMU keeps a log's file open when the log is switched off, and a processor that was at a block's translation still writes it down. It lets go of the
 * file, as soon as nobody writes to it, for another one.
 */
async function endLog(plan: MachinePlan, execute: Execute): Promise<void> {
  for (const line of ["log none", "logfile /dev/null"]) await execute("human-monitor-command", { "command-line": line });
  await rm(logFile(plan), { force: true });
}

function logFile({ runDirectory }: MachinePlan): string {
  return join(runDirectory, "translation.log");
}

/** KVM's counters of all virtual processors together, by name. */
async function readCounters(execute: Execute): Promise<Readonly<Record<string, number>>> {
  const answer = await execute("query-stats", { target: "vcpu" }).catch(() => []);
  const counters: Record<string, number> = {};
  for (const provider of listOf(answer)) {
    for (const { name, value } of listOf(fieldOf(provider, "stats")).map((stat) => ({ name: String(fieldOf(stat, "name")), value: fieldOf(stat, "value") }))) {
      if (typeof value === "number") counters[name] = (counters[name] ?? 0) + value;
    }
  }
  return counters;
}

/** Of the counters that count exits and what is done at them. */
function toRates(before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>, seconds: number): ProcessorExits["counters"] {
  return Object.entries(after)
    .filter(([name, count]) => count > 0 && /exits|hypercalls|emulation|injections|pf_|tlb_flush/.test(name))
    .map(([name, count]) => ({ name: name.replaceAll("-", "_"), count, perSecond: Math.max(0, count - (before[name] ?? 0)) / seconds }))
    .toSorted((a, b) => b.perSecond - a.perSecond || b.count - a.count);
}

function toReasons(rates: ReadonlyMap<string, number>): ProcessorExits["reasons"] {
  const named = [...rates].map(([key, perSecond]) => {
    const [isa = 0, reason = 0] = key.split(",").map(Number);
    return { reason: nameExit(isa, reason), perSecond };
  });
  return named.toSorted((a, b) => b.perSecond - a.perSecond);
}

function listDevices({ disks, interfaces, accelerators = [], diskBus }: MachinePlan): readonly InspectedDevice[] {
  const [isNvme, isShared] = [diskBus === "nvme", diskBus === "slots"];
  return [
    ...disks.map(({ volume, source }): InspectedDevice => {
      if (source.kind === "function") return functionDevice(volume, source.address);
      const path = source.kind === "file" ? `file ${source.path}` : isShared && source.socket !== undefined ? `vhost-user ${source.socket}` : `NBD ${source.address}:${source.port}`;
      return { id: volume, kind: isNvme ? "emulated" : "paravirtual", model: isNvme ? "NVMe controller" : "virtio-blk", path };
    }),
    ...interfaces.map(({ id, tap, cardFunction, emulatedCard }): InspectedDevice => {
      if (cardFunction !== undefined) return functionDevice(id, cardFunction);
      return { id, ...(emulatedCard === true ? { kind: "emulated", model: "e1000" } : { kind: "paravirtual", model: "virtio-net" }), path: `tap ${tap}` };
    }),
    ...accelerators.map((address, index): InspectedDevice => ({ id: acceleratorId(index), kind: "passed-through", model: "VFIO", path: `PCI ${address}` })),
  ];
}

function functionDevice(id: string, address: string): InspectedDevice {
  return { id, kind: "virtual-function", model: "VFIO", path: `PCI ${address}` };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
