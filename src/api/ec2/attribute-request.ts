/**
 * What ModifyInstanceAttribute asks for. The request names exactly one attribute, in one of two ways: a structure of its own
 * (`DisableApiStop.Value=true`) or by name (`Attribute=disableApiStop&Value=true`).
 */
import { invalidInstanceAttributeValue, invalidParameterCombination, invalidValueOf, missingParameter } from "../../base/api-error.ts";
import type { ActionInput } from "../../wire/action-types.ts";

/** An attribute's name as `Attribute` has it, and its value as text; groups and mappings are in the request. */
export interface AttributeRequest {
  readonly name: ModifiableAttribute;
  readonly value: string | undefined;
}

export type ModifyInput = ActionInput<"ec2", "ModifyInstanceAttribute">;

/** The attributes with the request's own member for each, as text. */
const members = {
  blockDeviceMapping: (input: ModifyInput) => ((input.BlockDeviceMappings ?? []).length > 0 ? "" : undefined),
  disableApiStop: (input: ModifyInput) => flagText(input.DisableApiStop),
  disableApiTermination: (input: ModifyInput) => flagText(input.DisableApiTermination),
  ebsOptimized: (input: ModifyInput) => flagText(input.EbsOptimized),
  enaSupport: (input: ModifyInput) => flagText(input.EnaSupport),
  enclaveOptions: (input: ModifyInput) => flagText(input.EnclaveOptions && { Value: input.EnclaveOptions.Enabled }),
  groupSet: (input: ModifyInput) => ((input.Groups ?? []).length > 0 ? "" : undefined),
  instanceInitiatedShutdownBehavior: (input: ModifyInput) => text(input.InstanceInitiatedShutdownBehavior),
  instanceType: (input: ModifyInput) => text(input.InstanceType),
  kernel: (input: ModifyInput) => text(input.Kernel),
  ramdisk: (input: ModifyInput) => text(input.Ramdisk),
  sourceDestCheck: (input: ModifyInput) => flagText(input.SourceDestCheck),
  sriovNetSupport: (input: ModifyInput) => text(input.SriovNetSupport),
  userData: ({ UserData: data }: ModifyInput) => (data === undefined ? undefined : Buffer.from(data.Value ?? []).toString("base64")),
} as const;

export type ModifiableAttribute = keyof typeof members;

const names = Object.keys(members) as ModifiableAttribute[]; // Object.keys widens to string[]

export function parseAttributeRequest(input: ModifyInput): AttributeRequest {
  const structured = names.filter((name) => members[name](input) !== undefined);
  const named = input.Attribute === undefined ? undefined : requireName(input.Attribute);
  const all = [...new Set([...structured, ...(named === undefined ? [] : [named])])];
  if (all.length > 1) throw invalidParameterCombination(`Fields for multiple attribute types specified: ${all.join(", ")}`);
  const [name] = all;
  if (name === undefined) throw invalidParameterCombination("No attributes specified.");
  if (structured.length > 0 && input.Value !== undefined) throw invalidParameterCombination(`The attribute '${name}' has more than one value.`);
  if (structured.length === 0 && input.Value === undefined) throw missingParameter("value");
  return { name, value: input.Value ?? members[name](input) };
}

/** `true` or `false`; anything else is no value of the attribute. */
export function parseFlag({ name, value }: AttributeRequest): boolean {
  if (value !== "true" && value !== "false") throw invalidInstanceAttributeValue(`Value (${value ?? ""}) for attribute ${name} is invalid. Expecting true or false.`);
  return value === "true";
}

function requireName(asked: string): ModifiableAttribute {
  const name = names.find((each) => each === asked);
  if (name === undefined) throw invalidValueOf("attribute", asked, "Unknown attribute, or one that cannot be modified.");
  return name;
}

function flagText(attribute: { readonly Value?: boolean | undefined } | undefined): string | undefined {
  return attribute === undefined ? undefined : String(attribute.Value ?? false);
}

function text(attribute: { readonly Value?: string | undefined } | undefined): string | undefined {
  return attribute === undefined ? undefined : (attribute.Value ?? "");
}
