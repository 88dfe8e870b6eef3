/** The JSON of a policy, stricter than `JSON.parse`: a member that is there twice would let two readers see two policies. */
import { malformedPolicyDocument } from "../../base/api-error.ts";

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g;

/** What the text says. Fails with MalformedPolicyDocument, which says where, for what is no JSON and for members that are there twice. */
export function parsePolicyJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    const position = /position (\d+)/.exec(thrown instanceof Error ? thrown.message : "")?.[1];
    throw malformedPolicyDocument(`This policy contains invalid Json: ${whereIn(text, position === undefined ? text.length : Number(position))}`);
  }
  refuseRepeatedMembers(text);
  return value;
}

function refuseRepeatedMembers(text: string): void {
  const open: (Set<string> | undefined)[] = []; // undefined: a list
  let last: { readonly token: string; readonly at: number } | undefined;
  for (const { 0: token, index: at } of text.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":" && last !== undefined) {
      const [members, name] = [open.at(-1), String(JSON.parse(last.token))];
      if (members?.has(name) === true) throw malformedPolicyDocument(`Syntax errors in policy: ${name} is there twice: ${whereIn(text, last.at)}`);
      members?.add(name);
    }
    last = { token, at };
  }
}

function whereIn(text: string, position: number): string {
  const lines = text.slice(0, position).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
