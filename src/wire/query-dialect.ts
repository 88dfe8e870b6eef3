/** How ec2Query and awsQuery spell parameters, and what each says to a bad one. */
import type { Member } from "./shape.ts";
import { quoteValue, WireError } from "./wire-error.ts";

export interface QueryDialect {
  /** The member's part of a parameter name. */
  keyOf(member: Member): string;
  /** Whether a list is `Name.1` rather than `Name.member.1`. */
  readonly flatLists: boolean;
  /** Whether an empty text for an optional member of a structure is as if it had not been sent. */
  ignoresEmpty(structure: string, member: string): boolean;
  /** Called for a parameter that the input does not have: throws, or lets it be ignored. */
  refuseUnknown(path: string): void;
  refuseMissing(paths: readonly string[]): never;
  refuseValue(path: string, value: string, expected: string): never;
}

/** Members for which an empty text says something: it is a tag's value, it clears an attribute or a description, it takes a device out of a mapping. */
const meantEmpty = ["Description", "NoDevice", "Value"];

export const ec2Dialect: QueryDialect = {
  keyOf: (member) => member.ec2QueryName ?? capitalize(member.xmlName ?? member.name),
  flatLists: true,
  // Clients send what they have no value for too, as Terraform does the zone of a launch. An instance leaves its placement group for the group named "".
  ignoresEmpty: (structure, member) => !meantEmpty.includes(member) && !(structure === "ModifyInstancePlacementRequest" && member === "GroupName"),
  refuseUnknown(path) {
    throw new WireError("UnknownParameter", `The parameter ${quoteValue(path)} is not recognized`);
  },
  refuseMissing(paths) {
    throw new WireError("MissingParameter", `The request must contain the parameter ${quoteValue(paths[0] ?? "")}`);
  },
  refuseValue(path, value, expected) {
    const message = `Value (${quoteValue(value)}) for parameter ${quoteValue(path)} is invalid. Expected ${expected}.`;
    throw new WireError("InvalidParameterValue", message);
  },
};

export const awsDialect: QueryDialect = {
  keyOf: (member) => member.xmlName ?? member.name,
  flatLists: false,
  ignoresEmpty: () => false,
  refuseUnknown() {},
  refuseMissing(paths) {
    throw new WireError("ValidationError", nullValuesMessage(paths));
  },
  refuseValue(path, value, expected) {
    throw new WireError("MalformedInput", `Value (${quoteValue(value)}) at '${quoteValue(path)}' is not ${expected}`);
  },
};

/** The text of the services' shared validation for required members that are absent. */
export function nullValuesMessage(paths: readonly string[]): string {
  const errors = paths
    .slice(0, 10)
    .map((path) => `Value null at '${quoteValue(uncapitalize(path))}' failed to satisfy constraint: Member must not be null`);
  return `${paths.length} validation error${paths.length === 1 ? "" : "s"} detected: ${errors.join("; ")}`;
}

function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Validation names members as the services' own code does: each part of the path in lower camel case. */
function uncapitalize(path: string): string {
  return path.split(".").map((part) => part.slice(0, 1).toLowerCase() + part.slice(1)).join(".");
}
