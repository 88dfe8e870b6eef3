/** The ends of processes' logs: lines of JSON (`base/log.ts`), and what else was printed there. */
import { readFileSync } from "node:fs";

/** The last whole lines, oldest first, of what stands behind so many bytes; a log that is shorter has begun anew. */
export function lastWords(file: string, since = 0): readonly string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return [];
  }
  const lines = bytes.subarray(since > bytes.length ? 0 : since).toString("utf8").split("\n").slice(0, -1);
  return lines.filter((line) => line.trim() !== "").slice(-50);
}

/** The last error of these lines, or the last of all. */
export function lastProblem(lines: readonly string[]): string | undefined {
  return lines.findLast(isError) ?? lines.at(-1);
}

function isError(line: string): boolean {
  return line.includes('"level":"error"') || line.startsWith("hostelry: ");
}
