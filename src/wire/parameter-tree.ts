/**
 * The parameters of a query-protocol request as a tree: `Filter.1.Name=x` is under `Filter`, `1`, `Name`. Children are
 * kept in maps, so names like `__proto__` are names and a list index of a billion is one entry.
 */
import type { Parameter } from "./request-parameters.ts";
import { quoteValue, WireError } from "./wire-error.ts";

export interface ParameterNode {
  readonly value: string | undefined;
  readonly children: ReadonlyMap<string, ParameterNode>;
}

interface GrowingNode extends ParameterNode {
  value: string | undefined;
  children: Map<string, GrowingNode>;
}

/** Most nodes are leaves: they share this, and get a map of their own with their first child. */
const noChildren: Map<string, GrowingNode> = new Map();

/** Deeper than any input of the services; a deeper name is refused before a tree grows from it. */
const maxDepth = 32;

/** The tree of the parameters whose names `isMember` accepts. Throws when a name is too deep or given twice. */
export function growParameterTree(parameters: readonly Parameter[], isMember: (name: string) => boolean): ParameterNode {
  const root = newNode();
  for (const [name, value] of parameters) {
    if (!isMember(name)) continue;
    const node = reach(root, name);
    if (node.value !== undefined) throw invalid(`The parameter ${quoteValue(name)} is given more than once`);
    node.value = value;
  }
  return root;
}

function reach(root: GrowingNode, name: string): GrowingNode {
  const parts = name.split(".");
  if (parts.length > maxDepth) throw invalid(`The parameter ${quoteValue(name)} is nested too deeply`);
  let node = root;
  for (const part of parts) {
    let child = node.children.get(part);
    if (child === undefined) {
      child = newNode();
      if (node.children === noChildren) node.children = new Map();
      node.children.set(part, child);
    }
    node = child;
  }
  return node;
}

function newNode(): GrowingNode {
  return { value: undefined, children: noChildren };
}

function invalid(message: string): WireError {
  return new WireError("InvalidQueryParameter", message);
}
