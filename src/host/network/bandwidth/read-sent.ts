import { readFileSync } from "node:fs";

/** Bytes that each device of this namespace has sent. */
export function readSent(): ReadonlyMap<string, number> {
  const lines = readFileSync("/proc/self/net/dev", "utf8").split("\n").slice(2);
  return new Map(lines.filter((line) => line.includes(":")).map((line) => [line.slice(0, line.indexOf(":")).trim(), Number(line.slice(line.indexOf(":") + 1).trim().split(/ +/)[8])]));
}
