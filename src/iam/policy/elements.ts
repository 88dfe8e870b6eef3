/** The elements of a policy document, taken with care; and how it is said what is wrong with one. */
import { malformedPolicyDocument } from "../../base/api-error.ts";

export type Members = Readonly<Record<string, unknown>>;

/** An object with no members but these. */
export function requireMembers(value: unknown, where: string, known?: readonly string[]): Members {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw syntaxError(where);
  const stranger = known === undefined ? undefined : Object.keys(value).find((name) => !known.includes(name));
  if (stranger !== undefined) throw malformed(`Syntax errors in policy: there is no element ${stranger}`, where);
  return value as Members; // an object that is no list
}

/** One text, or a list of at least one. */
export function requireTexts(value: unknown, where: string): readonly string[] {
  const list = asList(value);
  if (list.length === 0) throw malformed("Syntax errors in policy: the list is empty", where);
  return list.map((text, index) => {
    if (typeof text !== "string" || text === "") throw syntaxError(Array.isArray(value) ? `${where}[${index}]` : where);
    return text;
  });
}

export function malformed(message: string, where: string) {
  return malformedPolicyDocument(`${message.replace(/\.$/, "")} (${where}).`);
}

export function syntaxError(where: string) {
  return malformed("Syntax errors in policy", where);
}

/** A list as it is; one thing as a list of one. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
