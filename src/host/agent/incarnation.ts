/**
 * Which start of this host's agent this is, for the control plane to tell a newer agent from an older one; and whose state the
 * folder holds: that of another installation must never be acted on, because what a page does not name is removed.
 */
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { Incarnation } from "../protocol/exchange.ts";
import type { DurableFiles } from "./durable-files.ts";
import { isRecord } from "./parse-page.ts";

/** A number higher than at any earlier start, whatever the machine's clock says. */
export async function openIncarnation(files: DurableFiles, directory: string, installation: string, clock: Clock): Promise<Incarnation> {
  const path = join(directory, "agent.json");
  const text = await files.read(path);
  const earlier: unknown = text === undefined ? {} : JSON.parse(text);
  if (!isRecord(earlier)) throw new Error(`${path} is damaged`);
  const owner = earlier["installation"];
  if (owner !== undefined && owner !== installation) throw new Error(`${directory} belongs to installation ${String(owner)}, not to ${installation}`);
  const last = typeof earlier["incarnation"] === "number" ? earlier["incarnation"] : 0;
  const incarnation = Math.max(clock.now(), last + 1);
  await files.write(path, JSON.stringify({ version: 1, installation, incarnation }));
  return incarnation;
}
