/**
 * A request or an answer as the audit keeps it: members begin with a small letter, EC2's lists stand in `…Set.items`, as CloudTrail has them, and
 * nothing that opens anything is among them.
 */
import type { ServiceId } from "../../wire/service-facts.ts";

/** Members whose values are nobody's but the caller's: passwords, secrets, private keys, user data, tokens of sessions. */
const hidden = new Set([
  "keyMaterial", "newPassword", "oldPassword", "password", "plaintext", "privateKey", "secretAccessKey", "sessionToken", "base32StringSeed", "qRCodePNG",
  "authenticationCode1", "authenticationCode2", "tokenCode", "userData",
]);
const removed = "<sensitiveDataRemoved>";
/** No event is larger than 256 KB; what would make it so is left out. */
const largestBytes = 100_000;

/** Null for what is empty, as in CloudTrail's events. */
export function toEventParameters(service: ServiceId, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return null;
  return convert(service, value);
}

/** The text of an event's detail. */
export function toDetailText<Detail extends { readonly request: unknown; readonly response: unknown }>(detail: Detail): string {
  const text = JSON.stringify(detail);
  return text.length > largestBytes ? JSON.stringify({ ...detail, request: withinLimit(detail.request), response: withinLimit(detail.response) }) : text;
}

function withinLimit(parameters: unknown): unknown {
  const size = JSON.stringify(parameters).length;
  return size > largestBytes ? { omitted: true, originalSize: size, reason: "The event would be larger than 256 KB" } : parameters;
}

function convert(service: ServiceId, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return service === "ec2" ? value.getTime() : value.toISOString();
  if (value instanceof Uint8Array) return removed;
  if (Array.isArray(value)) return value.map((each) => convert(service, each));
  const members: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const { name, isHidden, setName, itemName } = nameOf(key);
    if (isHidden) members[name] = removed;
    else if (service === "ec2" && Array.isArray(member)) members[setName] = toSet(itemName, member);
    else if (name === "__proto__") Object.defineProperty(members, name, { value: convert(service, member), enumerable: true }); // a key of a map may be any text
    else members[name] = convert(service, member);
  }
  return members;
}

/** `InstanceIds: [i-1]` → `instancesSet: { items: [{ instanceId: i-1 }] }`; `SecurityGroups: [{ GroupId }]` → `securityGroupsSet: { items: [{ groupId }] }`. */
function toSet(itemName: string | undefined, list: readonly unknown[]): unknown {
  const items = list.map((each) => convert("ec2", each));
  return { items: itemName === undefined ? items : items.map((each) => ({ [itemName]: each })) };
}

/** How a member appears in events. */
interface MemberName {
  readonly name: string;
  readonly isHidden: boolean;
  /** Of a list. */
  readonly setName: string;
  /** Of each in a list of ids. */
  readonly itemName: string | undefined;
}

const keptNames = 10_000;
const knownNames = new Map<string, MemberName>();

/** Found out once for each name: every call has some dozens. */
function nameOf(key: string): MemberName {
  let found = knownNames.get(key);
  if (found === undefined) {
    const name = `${key.slice(0, 1).toLowerCase()}${key.slice(1)}`;
    const single = /^(.*)Ids$/.exec(name)?.[1];
    const setName = single === undefined ? `${name.replace(/Set$/, "")}Set` : `${single}sSet`;
    found = { name, isHidden: hidden.has(name), setName, itemName: single === undefined ? undefined : `${single}Id` };
    if (knownNames.size >= keptNames) knownNames.clear();
    knownNames.set(key, found);
  }
  return found;
}
