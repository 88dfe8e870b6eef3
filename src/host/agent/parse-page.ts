/**
 * A page of specifications as it came over the wire. The control plane is trusted and speaks the same version, so this checks
 * only what the agent's own safety rests on: that everything has a kind, an id of that kind (ids become file names), a generation
 * and a wish that is one of the known words.
 */
import { isId } from "../../base/ids.ts";
import type { SpecificationPage } from "../protocol/exchange.ts";
import type { Specification } from "../protocol/specification.ts";

/** Throws when the text is no page. */
export function parsePage(text: string): SpecificationPage {
  const page: unknown = JSON.parse(text);
  if (!isRecord(page) || typeof page["revision"] !== "number" || typeof page["complete"] !== "boolean" || !Array.isArray(page["specifications"])) {
    throw new Error("the control plane's answer is no page of specifications");
  }
  const { revision, complete, specifications, streams } = page as { revision: number; complete: boolean; specifications: readonly unknown[]; streams?: SpecificationPage["streams"] }; // orders are of no danger to what is here
  return { revision, complete, specifications: specifications.map(parseSpecification), ...(streams === undefined ? {} : { streams }) };
}

/** Also for what the agent itself wrote down earlier. Throws when the value is no specification. */
export function parseSpecification(value: unknown): Specification {
  if (!isSpecification(value)) throw new Error("this is no specification of a machine, a volume or a VPC");
  return value;
}

function isSpecification(value: unknown): value is Specification {
  if (!isRecord(value) || !Number.isSafeInteger(value["generation"]) || typeof value["id"] !== "string") return false;
  const { kind, id, want } = value;
  if (kind === "vpc") return isId("vpc", id) && (want === "present" || want === "absent");
  if (kind === "volume") return isId("volume", id) && (want === "present" || want === "absent");
  return kind === "machine" && isId("instance", id) && (want === "running" || want === "stopped" || want === "absent");
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
