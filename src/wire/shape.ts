/**
 * The shapes of inputs and outputs, read once from the SDK's schemas; the only module that knows how those are written.
 * Codecs are compiled from shapes. A shape is one object per schema, so it can be the key of a codec cache, and its
 * parts are read when first asked for, so recursive shapes need no care here.
 */
import { NormalizedSchema } from "@smithy/core/schema";

export type Shape = StructureShape | ListShape | MapShape | ScalarShape;

export type ScalarKind = "string" | "boolean" | "integer" | "fractional" | "timestamp" | "blob";

export interface ScalarShape {
  readonly kind: ScalarKind;
}

export interface StructureShape {
  readonly kind: "structure";
  readonly name: string;
  readonly members: readonly Member[];
}

export interface ListShape {
  readonly kind: "list";
  readonly item: Slot;
}

export interface MapShape {
  readonly kind: "map";
  readonly key: Slot;
  readonly value: Slot;
}

/** A place for a value: its shape, and what the wire formats say about the place. */
export interface Slot {
  readonly shape: Shape;
  readonly xmlName?: string;
}

export interface Member extends Slot {
  readonly name: string;
  readonly required: boolean;
  readonly ec2QueryName?: string;
  readonly jsonName?: string;
  readonly httpHeader?: string;
  readonly httpQuery?: string;
  readonly httpLabel: boolean;
  readonly httpPayload: boolean;
}

/** A schema as the SDK's packages write it; opaque outside this module. */
export type Schema = Parameters<typeof NormalizedSchema.of>[0];

/** The structure that the schema describes, or undefined for "nothing" (the unit schema). */
export function readStructure(schema: Schema): StructureShape | undefined {
  const normalized = NormalizedSchema.of(schema);
  if (normalized.isUnitSchema()) return undefined;
  const shape = readShape(normalized);
  if (shape.kind !== "structure") throw new Error(`${normalized.getName()} is a ${shape.kind} where a structure belongs`);
  return shape;
}

const scalars: Readonly<Record<ScalarKind, ScalarShape>> = {
  string: { kind: "string" },
  boolean: { kind: "boolean" },
  integer: { kind: "integer" },
  fractional: { kind: "fractional" },
  timestamp: { kind: "timestamp" },
  blob: { kind: "blob" },
};

const compound = new WeakMap<object, Shape>();

function readShape(schema: NormalizedSchema): Shape {
  const scalar = scalarKind(schema);
  if (scalar !== undefined) return scalars[scalar];
  const identity: unknown = schema.getSchema();
  // A list of scalars without traits is a number in the SDK's schemas, and has no identity to remember it by.
  if (typeof identity !== "object" || identity === null) return readCompound(schema);
  const known = compound.get(identity);
  if (known !== undefined) return known;
  const shape = readCompound(schema);
  compound.set(identity, shape);
  return shape;
}

function scalarKind(schema: NormalizedSchema): ScalarKind | undefined {
  if (schema.isStringSchema()) return "string";
  if (schema.isBooleanSchema()) return "boolean";
  if (schema.isNumericSchema()) return "integer";
  if (schema.isTimestampSchema()) return "timestamp";
  return schema.isBlobSchema() ? "blob" : undefined;
}

function readCompound(schema: NormalizedSchema): Shape {
  if (schema.isStructSchema()) return readStructureShape(schema);
  if (schema.isListSchema()) return { kind: "list", item: readSlot(schema.getValueSchema()) };
  if (schema.isMapSchema()) {
    return { kind: "map", key: readSlot(schema.getKeySchema()), value: readSlot(schema.getValueSchema()) };
  }
  throw new Error(`the schema ${schema.getName()} is of no kind known here`);
}

function readStructureShape(schema: NormalizedSchema): StructureShape {
  const name = schema.getName() ?? "structure";
  let members: readonly Member[] | undefined;
  return {
    kind: "structure",
    name,
    get members() {
      return (members ??= readMembers(schema, name));
    },
  };
}

function readSlot(schema: NormalizedSchema): Slot {
  let shape: Shape | undefined;
  return {
    get shape() {
      return (shape ??= readShape(schema));
    },
    ...textTraits(schema, ["xmlName"]),
  };
}

function readMembers(schema: NormalizedSchema, structure: string): readonly Member[] {
  const raw: unknown = schema.getSchema();
  // Position 6 of a structure's schema counts the required members, which come first.
  const required = Array.isArray(raw) && typeof raw[6] === "number" ? raw[6] : 0;
  return Array.from(schema.structIterator(), ([name, member], index) => readMember(structure, name, member, index < required));
}

function readMember(structure: string, name: string, schema: NormalizedSchema, required: boolean): Member {
  const traits = schema.getMergedTraits();
  const isFractional = fractionalMembers.has(`${structure}.${name}`);
  let shape: Shape | undefined;
  return {
    name,
    required,
    get shape() {
      return (shape ??= isFractional ? scalars.fractional : readShape(schema));
    },
    ...textTraits(schema, ["xmlName", "ec2QueryName", "jsonName", "httpHeader", "httpQuery"]),
    httpLabel: traits.httpLabel === 1,
    httpPayload: traits.httpPayload === 1,
  };
}

/** Those of the traits that the schema has, all of them texts. */
function textTraits<Name extends string>(schema: NormalizedSchema, names: readonly Name[]): { readonly [Key in Name]?: string } {
  const traits: Readonly<Record<string, unknown>> = { ...schema.getMergedTraits() };
  const texts: { [Key in Name]?: string } = {};
  for (const name of names) {
    const value = traits[name];
    if (typeof value === "string") texts[name] = value;
  }
  return texts;
}

/** The SDK's schemas do not tell integers from fractions: these are the members of inputs that take fractions. */
const fractionalMembers: ReadonlySet<string> = new Set([
  "ClientData.UploadSize",
  "FleetLaunchTemplateOverridesRequest.Priority",
  "FleetLaunchTemplateOverridesRequest.WeightedCapacity",
  "LaunchTemplateOverrides.Priority",
  "LaunchTemplateOverrides.WeightedCapacity",
  "MemoryGiBPerVCpu.Max",
  "MemoryGiBPerVCpu.Min",
  "MemoryGiBPerVCpuRequest.Max",
  "MemoryGiBPerVCpuRequest.Min",
  "NetworkBandwidthGbps.Max",
  "NetworkBandwidthGbps.Min",
  "NetworkBandwidthGbpsRequest.Max",
  "NetworkBandwidthGbpsRequest.Min",
  "PriceScheduleSpecification.Price",
  "ReservationFleetInstanceSpecification.Weight",
  "ReservedInstanceLimitPrice.Amount",
  "SpotFleetLaunchSpecification.WeightedCapacity",
  "SpotFleetRequestConfigData.FulfilledCapacity",
  "SpotFleetRequestConfigData.OnDemandFulfilledCapacity",
  "TotalLocalStorageGB.Max",
  "TotalLocalStorageGB.Min",
  "TotalLocalStorageGBRequest.Max",
  "TotalLocalStorageGBRequest.Min",
]);
