/**
 * Which part of the program may import which. The table is the design's; a new arrow needs a decision record first.
 *
 *   base ← wire, store, block-store ← iam, network, storage, placement ← compute ← api, reconcile ← cli ← main.ts
 *
 * `host` and `image` stand beside this and see `base` only, and `host` also the block store, which storage nodes and the control plane share. Of `host` the control plane knows the protocol, which is its vocabulary
 * for machines and volumes, and nothing else; the API does not know even that.
 */
import { dirname, join, normalize } from "node:path";

export interface Import {
  readonly from: string;
  /** A project file, or a module's name (`node:fs`, `yaml`). */
  readonly to: string;
}

const levels: readonly (readonly string[])[] = [["base"], ["wire", "store", "block-store"], ["iam", "network", "storage", "placement"], ["compute"], ["api", "reconcile"]];
const beside: readonly string[] = ["host", "image", "console"];
const protocolSpeakers: readonly string[] = ["store", "network", "storage", "placement", "compute", "reconcile"];
const hypervisors = /^src\/host\/engine\/(?<engine>[^/]+)\//;

/** Every import, export-from and dynamic import of a file, whose text is given. */
export function importsOf(file: string, text: string): readonly Import[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
  const pattern = /(?:^|[;\n])\s*(?:import|export)\s(?:[^"';]*?\sfrom\s)?\s*"(?<source>[^"]+)"|\bimport\(\s*"(?<dynamic>[^"]+)"\s*\)/g;
  const names = [...code.matchAll(pattern)].map((match) => match.groups?.["source"] ?? match.groups?.["dynamic"] ?? "");
  return names.map((name) => ({ from: file, to: name.startsWith(".") ? normalize(join(dirname(file), name)) : name }));
}

/** Why the import is not allowed, or undefined. */
export function refuseImport({ from, to }: Import): string | undefined {
  const source = partOf(from);
  if (source === "base" && to.startsWith("node:")) return "base has no node: imports";
  if (!to.startsWith("src/")) return undefined;
  const target = partOf(to);
  if (source === target) return refuseInside(from, to);
  if (source === "main.ts") return target === "cli" ? undefined : "main.ts only starts the command line";
  if (target === "main.ts") return "nothing imports main.ts";
  if (source === "cli") return undefined;
  if (target === "cli") return "nothing but main.ts imports cli";
  if (beside.includes(source)) return target === "base" || (source === "host" && target === "block-store") ? undefined : `${source} may not import ${target}`;
  if (protocolSpeakers.includes(source) && to.startsWith("src/host/protocol/")) return undefined;
  if (beside.includes(target)) return `${source} may not import ${target}`;
  const [upper, lower] = [levelOf(source), levelOf(target)];
  if (upper === undefined || lower === undefined) return `the table of layers does not know ${upper === undefined ? source : target}`;
  return lower < upper ? undefined : `${target} is not below ${source}`;
}

function refuseInside(from: string, to: string): string | undefined {
  const [a, b] = [hypervisors.exec(from)?.groups?.["engine"], hypervisors.exec(to)?.groups?.["engine"]];
  return a !== undefined && b !== undefined && a !== b ? "hypervisors do not import each other" : undefined;
}

/** `base` of `src/base/ids.ts`; `main.ts` of `src/main.ts`. */
export function partOf(file: string): string {
  return file.split("/")[1] ?? "";
}

function levelOf(part: string): number | undefined {
  const level = levels.findIndex((parts) => parts.includes(part));
  return level < 0 ? undefined : level;
}

/** The parts that import each other in a ring, as `a → b → a`, or undefined when there is none. */
export function findCycle(imports: readonly Import[]): string | undefined {
  const arrows = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    const [a, b] = [partOf(from), partOf(to)];
    if (to.startsWith("src/") && a !== b) arrows.set(a, (arrows.get(a) ?? new Set()).add(b));
  }
  const done = new Set<string>();
  const visit = (part: string, path: readonly string[]): string | undefined => {
    if (path.includes(part)) return [...path.slice(path.indexOf(part)), part].join(" → ");
    if (done.has(part)) return undefined;
    for (const next of arrows.get(part) ?? []) {
      const found = visit(next, [...path, part]);
      if (found !== undefined) return found;
    }
    done.add(part);
    return undefined;
  };
  for (const part of arrows.keys()) {
    const found = visit(part, []);
    if (found !== undefined) return found;
  }
  return undefined;
}
