/**
 * Inputs of the JSON protocols: types are checked, members that the input does not have are dropped as AWS drops them,
 * absent required members are collected into one `ValidationException`, and everything else that is wrong is a
 * `SerializationException`. Only members of the input's shape ever become properties, except in maps, which inherit nothing.
 */
import { nullValuesMessage } from "./query-dialect.ts";
import { parseBase64 } from "./scalar-text.ts";
import type { ListShape, MapShape, Member, ScalarKind, Shape } from "./shape.ts";
import { WireError } from "./wire-error.ts";

interface Context {
  readonly missing: string[];
  depth: number;
}

type Decode = (value: unknown, path: string, context: Context) => unknown;

export type JsonDecoder = (body: Uint8Array) => Readonly<Record<string, unknown>>;

/** Shapes that contain themselves would let a client choose how deep the stack grows. */
const maxDepth = 64;

/** The decoder of a JSON object with these members; with `useJsonNames` as their `jsonName` spells them. */
export function compileJsonDecoder(members: readonly Member[], useJsonNames: boolean): JsonDecoder {
  const decode = new JsonCompiler(useJsonNames).structure(members);
  return (body) => {
    const context: Context = { missing: [], depth: 0 };
    const input = decode(body.length === 0 ? {} : parseJson(body), "", context);
    if (context.missing.length > 0) throw new WireError("ValidationException", nullValuesMessage(context.missing));
    return input;
  };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new WireError("SerializationException", "The body of the request is not JSON in UTF-8", 400, { cause });
  }
}

class JsonCompiler {
  readonly #useJsonNames: boolean;
  readonly #structures = new Map<readonly Member[], ReturnType<JsonCompiler["structure"]>>();

  constructor(useJsonNames: boolean) {
    this.#useJsonNames = useJsonNames;
  }

  #compile(shape: Shape): Decode {
    switch (shape.kind) {
      case "structure":
        return this.structure(shape.members);
      case "list":
        return this.#list(shape);
      case "map":
        return this.#map(shape);
      default:
        return scalarDecoders[shape.kind];
    }
  }

  structure(members: readonly Member[]): (value: unknown, path: string, context: Context) => Record<string, unknown> {
    const known = this.#structures.get(members);
    if (known !== undefined) return known;
    let decoders: readonly (readonly [Member, string, Decode])[] | undefined;
    const decode = (value: unknown, path: string, context: Context) => {
      // Compiled late, because a structure may contain itself.
      decoders ??= members.map((member) => [member, this.#keyOf(member), this.#compile(member.shape)] as const);
      const source = requireObject(value, path);
      const input: Record<string, unknown> = {};
      descend(context, path);
      for (const [member, key, decodeMember] of decoders) {
        const item = Object.hasOwn(source, key) ? source[key] : undefined;
        const memberPath = path === "" ? member.name : `${path}.${member.name}`;
        if (item !== undefined && item !== null) input[member.name] = decodeMember(item, memberPath, context);
        else if (member.required) context.missing.push(memberPath);
      }
      context.depth -= 1;
      return input;
    };
    this.#structures.set(members, decode);
    return decode;
  }

  #keyOf(member: Member): string {
    return this.#useJsonNames ? (member.jsonName ?? member.name) : member.name;
  }

  #list(shape: ListShape): Decode {
    const decode = this.#compile(shape.item.shape);
    return (value, path, context) => {
      if (!Array.isArray(value)) throw mismatch(value, path, "a list");
      descend(context, path);
      const list: readonly unknown[] = value;
      const items = list.flatMap((item, index) => (item === null ? [] : [decode(item, `${path}.${index + 1}.member`, context)]));
      context.depth -= 1;
      return items;
    };
  }

  #map(shape: MapShape): Decode {
    const decode = this.#compile(shape.value.shape);
    return (value, path, context) => {
      const map: Record<string, unknown> = Object.create(null); // keys are the client's: nothing may be inherited
      descend(context, path);
      for (const [key, item] of Object.entries(requireObject(value, path))) {
        if (item !== null) map[key] = decode(item, `${path}.member`, context);
      }
      context.depth -= 1;
      return map;
    };
  }
}

const scalarDecoders: Readonly<Record<ScalarKind, Decode>> = {
  string: (value, path) => (typeof value === "string" ? value : refuse(value, path, "a String")),
  boolean: (value, path) => (typeof value === "boolean" ? value : refuse(value, path, "a Boolean")),
  integer: (value, path) => (Number.isSafeInteger(value) ? value : refuse(value, path, "an Integer")),
  fractional: (value, path) => (typeof value === "number" ? value : refuse(value, path, "a Double")),
  timestamp: (value, path) => (typeof value === "number" ? parseEpoch(value, path) : refuse(value, path, "a Timestamp")),
  blob: (value, path) => (typeof value === "string" ? parseBase64(value) : undefined) ?? refuse(value, path, "a Blob"),
};

function parseEpoch(seconds: number, path: string): Date {
  const time = new Date(Math.round(seconds * 1000));
  return Number.isNaN(time.getTime()) ? refuse(seconds, path, "a Timestamp") : time;
}

function requireObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw mismatch(value, path, "a structure");
  return value as Readonly<Record<string, unknown>>; // a parsed JSON object has string keys only
}

function descend(context: Context, path: string): void {
  context.depth += 1;
  if (context.depth > maxDepth) throw new WireError("SerializationException", `The input is nested too deeply at '${path.slice(0, 100)}'`);
}

function refuse(value: unknown, path: string, expected: string): never {
  throw mismatch(value, path, expected);
}

function mismatch(value: unknown, path: string, expected: string): WireError {
  const place = path === "" ? "the request" : `'${path}'`;
  return new WireError("SerializationException", `${jsonTypeOf(value)} can not be converted to ${expected} at ${place}`);
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return "NULL_VALUE";
  if (Array.isArray(value)) return "LIST_VALUE";
  switch (typeof value) {
    case "string":
      return "STRING_VALUE";
    case "number":
      return "NUMBER_VALUE";
    case "boolean":
      return value ? "TRUE_VALUE" : "FALSE_VALUE";
    default:
      return "STRUCTURE_VALUE";
  }
}
