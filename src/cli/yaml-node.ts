/** A YAML document as nodes that know their line, so that whatever is wrong can be said with its place. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from "yaml";
import { CommandError, exitCodes } from "./command-error.ts";

export interface YamlNode {
  isList(): boolean;
  /** The elements of a list that is not empty; `element` names one in the error. */
  list(element: string): readonly YamlNode[];
  /** The map's entries; any other key than these is refused. */
  map<K extends string>(keys: readonly K[]): YamlMap<K>;
  text(): string;
  number(): number;
  error(message: string, remedy?: string): CommandError;
}

export interface YamlMap<K extends string> {
  require(key: K): YamlNode;
  optional(key: K): YamlNode | undefined;
}

/** The document's root; throws with file and line when the text is no YAML. */
export function readYaml(text: string, file: string): YamlNode {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => `${file}:${Math.max(1, lines.linePos(offset).line)}`;
  const [problem] = document.errors;
  if (problem !== undefined) throw usage(`${at(problem.pos[0])}: ${problem.message}`);
  return yamlNode(document.contents, 0, at);
}

function usage(message: string, remedy?: string): CommandError {
  return new CommandError(message, { exitCode: exitCodes.usage, ...(remedy === undefined ? {} : { remedy }) });
}

function yamlNode(node: Node | null | undefined, parentOffset: number, at: (offset: number) => string): YamlNode {
  const offset = node?.range?.[0] ?? parentOffset;
  const error = (message: string, remedy?: string) => usage(`${at(offset)}: ${message}`, remedy);
  // Aliases and tags have no place in a topology, so only plain nodes are told apart here.
  const child = (value: unknown) => yamlNode(isMap(value) || isSeq(value) || isScalar(value) ? value : undefined, offset, at);
  return {
    isList: () => isSeq(node),
    list(element) {
      if (!isSeq(node) || node.items.length === 0) throw error(`expected a list with at least ${element}`);
      return node.items.map(child);
    },
    map(keys) {
      if (!isMap(node)) throw error(`expected a map with ${keys.join(", ")}`);
      const entries = new Map(node.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : "", pair.value]));
      const unknown = node.items.find((pair) => !keys.some((key) => isScalar(pair.key) && pair.key.value === key));
      if (unknown !== undefined) throw child(unknown.key).error(`unknown key ${String(unknown.key)}`, `Known here: ${keys.join(", ")}.`);
      return {
        optional: (key) => (entries.has(key) ? child(entries.get(key)) : undefined),
        require(key) {
          if (!entries.has(key)) throw error(`${key} is missing`);
          return child(entries.get(key));
        },
      };
    },
    text() {
      if (!isScalar(node) || typeof node.value !== "string") throw error("expected a text");
      return node.value;
    },
    number() {
      if (!isScalar(node) || typeof node.value !== "number") throw error("expected a number");
      return node.value;
    },
    error,
  };
}
