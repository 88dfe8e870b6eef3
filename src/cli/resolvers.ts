/** The name servers that this machine asks, as far as guests can reach them: not those that listen on its loopback. */
import { readFileSync } from "node:fs";

/** systemd-resolved names itself in the first file, and the servers behind it in the second. */
const files = ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"];

export function readResolvers(): readonly string[] {
  const all = files.flatMap((file) => parseResolvers(readText(file)));
  return [...new Set(all)].filter((address) => !address.startsWith("127.") && address !== "::1");
}

export function parseResolvers(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
