/** Outputs as JSON values, from encoders compiled once per shape: times are seconds, bytes are base64, absent stays absent. */
import { formatBase64 } from "./scalar-text.ts";
import type { ListShape, MapShape, Member, ScalarKind, Shape } from "./shape.ts";

type Encode = (value: unknown) => unknown;

export type JsonEncoder = (output: unknown) => string;

/** The encoder of a JSON object with these members; with `useJsonNames` as their `jsonName` spells them. */
export function compileJsonEncoder(members: readonly Member[], useJsonNames: boolean): JsonEncoder {
  const encode = new JsonCompiler(useJsonNames).structure(members, "output");
  return (output) => JSON.stringify(encode(output));
}

class JsonCompiler {
  readonly #useJsonNames: boolean;
  readonly #structures = new Map<readonly Member[], Encode>();

  constructor(useJsonNames: boolean) {
    this.#useJsonNames = useJsonNames;
  }

  #compile(shape: Shape, place: string): Encode {
    switch (shape.kind) {
      case "structure":
        return this.structure(shape.members, shape.name);
      case "list":
        return this.#list(shape, place);
      case "map":
        return this.#map(shape, place);
      default:
        return checked(scalarEncoders[shape.kind], place);
    }
  }

  structure(members: readonly Member[], place: string): Encode {
    const known = this.#structures.get(members);
    if (known !== undefined) return known;
    let encoders: readonly (readonly [name: string, key: string, encode: Encode])[] | undefined;
    const encode = (value: unknown) => {
      encoders ??= members.map((member) => this.#member(member, place)); // late: a structure may contain itself
      const source = requireObject(value, place);
      const json: Record<string, unknown> = {};
      for (const [name, key, encodeMember] of encoders) {
        const item = source[name];
        if (item !== undefined && item !== null) json[key] = encodeMember(item);
      }
      return json;
    };
    this.#structures.set(members, encode);
    return encode;
  }

  #member(member: Member, place: string): readonly [string, string, Encode] {
    const key = this.#useJsonNames ? (member.jsonName ?? member.name) : member.name;
    return [member.name, key, this.#compile(member.shape, `${place}.${member.name}`)];
  }

  #list(shape: ListShape, place: string): Encode {
    const encode = this.#compile(shape.item.shape, `${place}[]`);
    return (value) => {
      if (!Array.isArray(value)) throw misfit(place);
      const list: readonly unknown[] = value;
      return list.filter((item) => item !== undefined && item !== null).map(encode);
    };
  }

  #map(shape: MapShape, place: string): Encode {
    const encode = this.#compile(shape.value.shape, `${place} value`);
    return (value) => {
      const json: Record<string, unknown> = Object.create(null); // a key may be any text, `__proto__` too
      for (const [key, item] of Object.entries(requireObject(value, place))) {
        if (item !== undefined && item !== null) json[key] = encode(item);
      }
      return json;
    };
  }
}

const encodeNumber: Encode = (value) => (typeof value === "number" && Number.isFinite(value) ? value : undefined);

/** The JSON value, or undefined when the value is of another kind. */
const scalarEncoders: Readonly<Record<ScalarKind, Encode>> = {
  string: (value) => (typeof value === "string" ? value : undefined),
  boolean: (value) => (typeof value === "boolean" ? value : undefined),
  integer: encodeNumber,
  fractional: encodeNumber,
  timestamp: (value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? value.getTime() / 1000 : undefined),
  blob: (value) => (value instanceof Uint8Array ? formatBase64(value) : undefined),
};

function checked(encode: Encode, place: string): Encode {
  return (value) => {
    const json = encode(value);
    if (json === undefined) throw misfit(place);
    return json;
  };
}

function requireObject(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw misfit(place);
  return value as Readonly<Record<string, unknown>>; // any object may be read by member name
}

/** An output that does not fit its shape is a defect of the action, not of the request; values are not shown. */
function misfit(place: string): TypeError {
  return new TypeError(`cannot write ${place} as JSON: its value is not of the model's type`);
}
