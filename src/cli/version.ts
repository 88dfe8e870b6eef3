/** The version of this program, from package.json, and what of it must be the same on both sides of a conversation between machines. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

export function programVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof parsed === "object" && parsed !== null && "version" in parsed && typeof parsed.version === "string") return parsed.version;
  throw new Error("package.json has no version");
}

/** `VERSION+PROTOCOL` (`host/protocol/joining.ts`). The digest is of the protocol's own sources, so that nobody need remember to count it up. */
export function protocolVersion(): string {
  const folder = new URL("../host/protocol/", import.meta.url);
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts")).toSorted()) hash.update(name).update(readFileSync(new URL(name, folder)));
  return `${programVersion()}+${hash.digest("hex").slice(0, 8)}`;
}
