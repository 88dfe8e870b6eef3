/** The checks as text for a person. */
import type { Check } from "./check.ts";
import type { CheckGroup } from "./checks.ts";

const marks = { yes: "yes", no: "NO ", unknown: " ? " } as const;

export function renderChecks(groups: readonly CheckGroup[]): string {
  const width = Math.max(...groups.flatMap((group) => group.checks.map((check) => check.name.length)));
  const sections = groups.map((group) => [group.title, ...group.checks.flatMap((check) => renderCheck(check, width))].join("\n"));
  return `${sections.join("\n\n")}\n\n${verdict(groups.flatMap((group) => group.checks))}\n`;
}

function renderCheck(check: Check, width: number): readonly string[] {
  const line = `  ${marks[check.result]}  ${check.name.padEnd(width)}  ${check.detail}`;
  return check.remedy === undefined ? [line] : [line, `       ${" ".repeat(width)}  → ${check.remedy}`];
}

export function verdict(checks: readonly Check[]): string {
  const missing = checks.filter((check) => check.result === "no" && check.required);
  if (missing.length > 0) return `Not ready: ${missing.map((check) => check.name).join(", ")}.`;
  const unknowns = checks.filter((check) => check.result === "unknown").length;
  const less = checks.filter((check) => check.result === "no").map((check) => check.name);
  return ["Ready", less.length > 0 ? `, without ${less.join(", ")}` : "", unknowns > 0 ? `, as far as this user can see (${unknowns} not checked)` : "", "."].join("");
}
