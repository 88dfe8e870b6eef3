/**
 * Adds up what `tools/test` has recorded in a folder, repeats what failed, and prints the one closing line. Ends with 1 when anything
 * failed, also when a tier broke off without saying so; with CI set, a tier that was left out is a failure too.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const messageLines = 12;

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Adds up the records in the folder. `problems` say what failed: tests with the beginning of their messages, then whatever counts beside. */
export function tally(directory: string, isCi: boolean): { readonly sum: Tally; readonly problems: readonly string[] } {
  const sum: Tally = { passed: 0, failed: 0, skipped: 0 };
  const problems: string[] = [];
  for (const file of readdirSync(directory).toSorted()) {
    const path = join(directory, file);
    if (file.endsWith(".check")) addCheck(sum, problems, file.slice(0, -".check".length), readFileSync(path, "utf8").trim() === "pass");
    if (file.endsWith(".status")) addTier(sum, problems, directory, file.slice(0, -".status".length), Number(readFileSync(path, "utf8")));
  }
  const leftOut = existsSync(join(directory, "left-out")) ? readFileSync(join(directory, "left-out"), "utf8").trim().split("\n") : [];
  for (const tier of leftOut) {
    problems.push(`The tier ${tier} was left out, since it needs root.`);
    if (isCi) sum.failed += 1;
  }
  return { sum, problems };
}

function addCheck(sum: Tally, problems: string[], check: string, isPassed: boolean): void {
  sum[isPassed ? "passed" : "failed"] += 1;
  if (!isPassed) problems.push(`FAILED ${check}`);
}

function addTier(sum: Tally, problems: string[], directory: string, tier: string, status: number): void {
  const file = join(directory, `${tier}.json`);
  const report: unknown = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
  const counts = report === undefined ? undefined : countTests(report);
  problems.push(...failuresOf(report).map((failure) => `FAILED ${tier} ${failure}`));
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

/** Each failed test by file and name with the first lines of its message, so that the end of a long log is enough. */
function failuresOf(report: unknown): readonly string[] {
  return listField(report, "testResults").flatMap((file) => {
    const path = relative(process.cwd(), textField(file, "name"));
    const failed = listField(file, "assertionResults").filter((test) => textField(test, "status") === "failed");
    if (failed.length === 0 && textField(file, "status") === "failed") return [`${path}\n${beginningOf(textField(file, "message"))}`];
    return failed.map((test) => `${path} > ${textField(test, "fullName")}\n${beginningOf(listField(test, "failureMessages").join("\n"))}`);
  });
}

/** Without the places in others' code. */
function beginningOf(message: string): string {
  const shown = message.split("\n").filter((line) => !/^\s*at .*(?:\bnode:|\/node_modules\/)/.test(line)).slice(0, messageLines);
  return shown.map((line) => `    ${line.slice(0, 300)}`).join("\n");
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
