/**
 * Adds up what `tools/test` has recorded in a folder and prints the one closing line. Ends with 1 when anything failed, also when a
 * tier broke off without saying so; with CI set, a tier that was left out is a failure too.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Adds up the records in the folder. `problems` are sentences about what counts as failed beside single tests. */
export function tally(directory: string, isCi: boolean): { readonly sum: Tally; readonly problems: readonly string[] } {
  const sum: Tally = { passed: 0, failed: 0, skipped: 0 };
  const problems: string[] = [];
  for (const file of readdirSync(directory).toSorted()) {
    const path = join(directory, file);
    if (file.endsWith(".check")) sum[readFileSync(path, "utf8").trim() === "pass" ? "passed" : "failed"] += 1;
    if (file.endsWith(".status")) addTier(sum, problems, directory, file.slice(0, -".status".length), Number(readFileSync(path, "utf8")));
  }
  const leftOut = existsSync(join(directory, "left-out")) ? readFileSync(join(directory, "left-out"), "utf8").trim().split("\n") : [];
  for (const tier of leftOut) {
    problems.push(`The tier ${tier} was left out, since it needs root.`);
    if (isCi) sum.failed += 1;
  }
  return { sum, problems };
}

function addTier(sum: Tally, problems: string[], directory: string, tier: string, status: number): void {
  const file = join(directory, `${tier}.json`);
  const counts = existsSync(file) ? countTests(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  sum.passed += counts?.passed ?? 0;
  sum.failed += counts?.failed ?? 0;
  sum.skipped += counts?.skipped ?? 0;
  if (status === 0 || (counts?.failed ?? 0) > 0) return;
  sum.failed += 1;
  problems.push(`The tier ${tier} ended with status ${status}, though no test in it failed.`);
}

/** Counts Vitest's JSON report; a file that could not even be loaded counts as one failed test. */
export function countTests(report: unknown): Tally {
  const sum: Tally = { passed: 0, failed: 0, skipped: 0 };
  for (const file of listField(report, "testResults")) {
    const tests = listField(file, "assertionResults");
    for (const test of tests) sum[outcome(textField(test, "status"))] += 1;
    const failedAsWhole = textField(file, "status") === "failed" && !tests.some((test) => textField(test, "status") === "failed");
    if (failedAsWhole) sum.failed += 1;
  }
  return sum;
}

function outcome(status: string): keyof Tally {
  if (status === "passed") return "passed";
  return status === "failed" ? "failed" : "skipped";
}

function listField(value: unknown, name: string): readonly unknown[] {
  const field = fieldOf(value, name);
  return Array.isArray(field) ? field : [];
}

function textField(value: unknown, name: string): string {
  const field = fieldOf(value, name);
  return typeof field === "string" ? field : "";
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}

if (import.meta.main) {
  const { sum, problems } = tally(process.argv[2] ?? ".", process.env["CI"] === "true");
  const closing = `${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`;
  process.stdout.write(`\n${[...problems, closing].join("\n")}\n`);
  process.exitCode = sum.failed === 0 ? 0 : 1;
}
