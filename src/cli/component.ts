/**
 * The processes of an installation, known by their command lines alone: there are no pid files that could go stale or name a
 * stranger. Each process holds a lock for as long as it lives (taken by `flock` before Node.js starts, in the same process),
 * so that none ever runs twice, whoever starts it.
 */
import { basename } from "node:path";

export type Component =
  | { readonly kind: "supervisor" }
  | { readonly kind: "control-plane" }
  /** A host's or a storage node's agent. */
  | { readonly kind: "agent"; readonly node: string }
  /** The computer that an emulated host is. */
  | { readonly kind: "machine"; readonly node: string };

/** For lock and log files, messages and `logs COMPONENT`. */
export function componentName(component: Component): string {
  return "node" in component ? `${component.kind}-${component.node}` : component.kind;
}

const commands = { supervisor: "supervise", "control-plane": "control-plane", agent: "agent", machine: "machine" } as const;

/** The arguments behind `src/main.ts`; by these the process is found again. */
export function componentArguments(component: Component, dataDirectory: string): readonly string[] {
  const own = "node" in component ? ["--node", component.node] : [];
  return [commands[component.kind], "--data", dataDirectory, ...own];
}

/** The component that a process with this command line is, or undefined for any other process. */
export function parseComponent(commandLine: readonly string[], dataDirectory: string): Component | undefined {
  const main = commandLine.findIndex((argument) => argument.endsWith("/src/main.ts"));
  if (main < 1 || basename(commandLine[0] ?? "") !== "node") return undefined;
  const [command, dataOption, data, nodeOption, node, ...rest] = commandLine.slice(main + 1);
  if (dataOption !== "--data" || data !== dataDirectory || rest.length > 0) return undefined;
  if (command === commands.agent || command === commands.machine) return nodeOption === "--node" && node !== undefined ? { kind: command, node } : undefined;
  if (nodeOption !== undefined) return undefined;
  if (command === commands.supervisor) return { kind: "supervisor" };
  return command === commands["control-plane"] ? { kind: "control-plane" } : undefined;
}

export function sameComponent(a: Component, b: Component): boolean {
  return componentName(a) === componentName(b);
}
