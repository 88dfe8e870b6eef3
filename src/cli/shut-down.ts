/**
 * Ends an installation in an order that loses nothing: first the supervisor, which would start things again; then the guests
 * (each agent shuts its own down and remembers which ran); then the storage nodes under them, the agents, the control plane,
 * and last the network. Every step may find its work already done.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { agentSocket, callSocket, isRefused } from "./control-client.ts";
import type { Component } from "./component.ts";
import type { Installation } from "./installation.ts";
import { launchComponent } from "./launch.ts";
import { namespaceOf, removeNetworks } from "./networks.ts";
import { isPoweredOff } from "./power.ts";
import { endProcesses, findComponents } from "./processes.ts";
import { counted, type Progress } from "./terminal.ts";

export interface ShutDown {
  readonly dataDirectory: string;
  readonly installation: Installation;
  readonly progress: Progress;
}

/** Guests have 30 seconds to shut down; then they are powered off, which needs a moment too. */
const parkTimeoutMs = 45_000;
const graceMs = 10_000;
/** An emulated host's computer shuts its guests down itself, and takes its time. */
const machineGraceMs = 80_000;

/** Ends everything; returns whether anything ran. */
export async function shutDown(task: ShutDown): Promise<boolean> {
  const { dataDirectory, installation, progress } = task;
  const ran = findComponents(dataDirectory).length > 0 || guestsRemain(installation);
  await end(task, "supervisor");
  if (!installation.simulated && ran) {
    const machines = end(task, "machine", machineGraceMs); // with their guests
    await parkAgents(task, hostIds(installation), "guests are shutting down");
    await machines;
    await parkAgents(task, storageIds(installation), "storage nodes are closing their volumes");
  }
  await end(task, "agent");
  await end(task, "control-plane");
  if (!installation.simulated) {
    await removeNetworks(installation);
    if (ran) progress.done("the underlay network is gone");
  }
  removeRunDirectory(installation);
  return ran;
}

/** What the probes of engines found out holds until the machine restarts, and took long. */
function removeRunDirectory({ runDirectory }: Installation): void {
  if (!existsSync(runDirectory)) return;
  const names = readdirSync(runDirectory);
  for (const name of names.filter((each) => each !== "probes")) rmSync(join(runDirectory, name), { recursive: true, force: true });
  if (!names.includes("probes")) rmSync(runDirectory, { recursive: true, force: true });
}

async function end({ dataDirectory, progress }: ShutDown, kind: Component["kind"], withinMs = graceMs): Promise<void> {
  const processes = findComponents(dataDirectory).filter(({ component }) => component.kind === kind);
  if (processes.length === 0) return;
  const { forced } = await endProcesses(processes, withinMs);
  const what = kind === "agent" ? counted(processes.length, "agent") : kind === "machine" ? counted(processes.length, "emulated host") : `the ${kind.replace("-", " ")}`;
  progress.done(`${what} ended${forced > 0 ? ` (${forced} by force)` : ""}`);
}

/** Asks every agent to shut down what it runs; one that has died is started for it when it may have left something, unless its node is switched off. */
async function parkAgents(task: ShutDown, nodes: readonly string[], step: string): Promise<void> {
  const { dataDirectory, installation, progress } = task;
  const alive = new Set(findComponents(dataDirectory).flatMap(({ component }) => (component.kind === "agent" ? [component.node] : [])));
  const concerned = nodes.filter((node) => alive.has(node) || (leftSomething(installation, node) && !isPoweredOff(dataDirectory, node)));
  for (const node of concerned) if (!alive.has(node)) startAgent(task, node);
  let parked = 0;
  let guests = 0;
  const show = () => progress.working(`${step}: ${parked} of ${counted(concerned.length, "node")}`);
  if (concerned.length > 0) show();
  const failures: string[] = [];
  await Promise.all(
    concerned.map(async (node) => {
      try {
        guests += await park(installation, node);
      } catch (thrown) {
        failures.push(`${node}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
      parked += 1;
      show();
    }),
  );
  if (guests > 0) progress.done(`${counted(guests, "guest")} shut down`);
  for (const failure of failures) progress.note(`! ${failure}`);
}

/** Returns how many guests the agent shut down. */
async function park({ runDirectory }: Installation, node: string): Promise<number> {
  const socket = agentSocket(runDirectory, node);
  const running = countRunning(await agentStatus(socket));
  const answer = await callSocket(socket, { method: "POST", path: "/v1/park", timeoutMs: parkTimeoutMs });
  if (answer.status >= 300) throw new Error(`the agent could not shut down what it runs: ${answer.body}`);
  return running;
}

/** Waits for an agent that was only just started. */
async function agentStatus(socket: string): Promise<unknown> {
  const deadline = performance.now() + graceMs;
  for (;;) {
    try {
      return JSON.parse((await callSocket(socket, { method: "GET", path: "/v1/status", timeoutMs: graceMs })).body);
    } catch (thrown) {
      if (!isRefused(thrown) || performance.now() > deadline) throw thrown;
      await sleep(100);
    }
  }
}

function countRunning(status: unknown): number {
  if (typeof status !== "object" || status === null || !("machines" in status) || !Array.isArray(status.machines)) return 0;
  return status.machines.filter((machine: unknown) => isRunning(machine)).length;
}

function isRunning(machine: unknown): boolean {
  return typeof machine === "object" && machine !== null && "pid" in machine && typeof machine.pid === "number";
}

function startAgent({ dataDirectory, installation }: ShutDown, node: string): void {
  const networkNamespace = namespaceOf(installation, node);
  launchComponent({ kind: "agent", node }, { dataDirectory, runDirectory: installation.runDirectory, networkNamespace }).unref();
}

/** A run directory of a guest or a volume, which only the agent takes away. */
function leftSomething({ runDirectory }: Installation, node: string): boolean {
  const directory = join(runDirectory, "hosts", node);
  return existsSync(directory) && readdirSync(directory, { withFileTypes: true }).some((entry) => entry.isDirectory());
}

/** Whether guests or volumes of an earlier run may still run, with or without their agents. */
export function guestsRemain(installation: Installation): boolean {
  return !installation.simulated && [...hostIds(installation), ...storageIds(installation)].some((node) => leftSomething(installation, node));
}

function hostIds({ topology }: Installation): readonly string[] {
  return topology.regions.flatMap((region) => region.zones.flatMap((zone) => zone.hosts.map((host) => host.id)));
}

function storageIds({ topology }: Installation): readonly string[] {
  return topology.regions.flatMap((region) => region.zones.flatMap((zone) => zone.storageNodes.map(({ id }) => id)));
}
