import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tally } from "./summarize-tests.ts";

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "summary-"))));
afterEach(() => rmSync(directory, { recursive: true }));

const record = (file: string, content: string) => writeFileSync(join(directory, file), content);

function recordTier(tier: string, status: number, files: readonly (readonly string[])[], fileStatus = "passed"): void {
  record(`${tier}.status`, `${status}\n`);
  record(`${tier}.json`, JSON.stringify({ testResults: files.map((tests) => ({ status: fileStatus, assertionResults: tests.map((test) => ({ status: test })) })) }));
}

test("checks count as one test each, and the tests of all tiers are added", () => {
  record("types.check", "pass\n");
  record("lint.check", "fail\n");
  recordTier("unit", 0, [["passed", "passed"], ["pending", "todo"]]);
  recordTier("api", 1, [["passed", "failed"]], "failed");
  expect(tally(directory, false)).toMatchObject({ sum: { passed: 4, failed: 2, skipped: 2 } });
});

test("what failed is told by file, name and the first lines of its message", () => {
  record("lint.check", "fail\n");
  record("unit.status", "1\n");
  const message = ["Error: two is not three", "    at run (file:///x/node_modules/runner/index.js:1:2)", "    at sum (/x/src/sum.ts:3:4)", "    at next (node:internal/process/task_queues:104:5)", ...Array.from({ length: 40 }, (_, line) => `  at line ${line}`)].join("\n");
  const added = { status: "failed", fullName: "adds up", failureMessages: [message] };
  const unread = { name: join(process.cwd(), "src/unread.test.ts"), status: "failed", message: "Cannot find module", assertionResults: [] };
  record("unit.json", JSON.stringify({ testResults: [{ name: join(process.cwd(), "src/sum.test.ts"), status: "failed", assertionResults: [added] }, unread] }));
  const { problems } = tally(directory, false);
  expect(problems[0]).toBe("FAILED lint");
  expect(problems[1]).toMatch(/^FAILED unit src\/sum\.test\.ts > adds up\n {4}Error: two is not three\n {8}at sum \(\/x\/src\/sum\.ts:3:4\)\n {6}at line 0\n/);
  expect(problems[1]).not.toContain("at line 39");
  expect(problems[2]).toBe("FAILED unit src/unread.test.ts\n    Cannot find module");
});

test("a file that could not be loaded is a failure", () => {
  recordTier("unit", 1, [[]], "failed");
  expect(tally(directory, false).sum).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("a tier that broke off is a failure, with its report or without", () => {
  record("guest.status", "137\n");
  recordTier("unit", 1, [["passed"]]);
  expect(tally(directory, false)).toEqual({
    sum: { passed: 1, failed: 2, skipped: 0 },
    problems: ["The tier guest ended with status 137, though no test in it failed.", "The tier unit ended with status 1, though no test in it failed."],
  });
});

test("a tier that was left out is named, and fails in CI", () => {
  record("left-out", "guest\n");
  const problems = ["The tier guest was left out, since it needs root."];
  expect(tally(directory, false)).toEqual({ sum: { passed: 0, failed: 0, skipped: 0 }, problems });
  expect(tally(directory, true)).toEqual({ sum: { passed: 0, failed: 1, skipped: 0 }, problems });
});
