/**
 * Inputs of the query protocols, ec2Query and awsQuery. A decoder is compiled from an operation's input shape on first
 * use; afterwards a request costs one walk over its own parameters, whatever the shape could hold.
 *
 * The protocols differ in how names are spelled, how lists are written and what is refused; a `QueryDialect` holds that.
 */
import type { ParameterNode } from "./parameter-tree.ts";
import type { QueryDialect } from "./query-dialect.ts";
import { parseScalar, scalarDescriptions } from "./scalar-text.ts";
import type { ListShape, MapShape, Member, ScalarShape, Shape, StructureShape } from "./shape.ts";

/** `path` is the parameter's full name, for errors. */
type Decode = (node: ParameterNode, path: string) => unknown;

export type QueryDecoder = (root: ParameterNode) => Readonly<Record<string, unknown>>;

/** The decoder of one operation's input; `undefined` is an operation that takes nothing. */
export function compileQueryDecoder(input: StructureShape | undefined, dialect: QueryDialect): QueryDecoder {
  const shape = input ?? { kind: "structure", name: "nothing", members: [] };
  const decode = new QueryCompiler(dialect).structure(shape);
  return (root) => decode(root, "");
}

interface MemberDecoder {
  readonly name: string;
  /** An empty text says nothing. */
  readonly ignoresEmpty: boolean;
  readonly decode: Decode;
}

class QueryCompiler {
  readonly #dialect: QueryDialect;
  readonly #structures = new Map<StructureShape, ReturnType<QueryCompiler["structure"]>>();

  constructor(dialect: QueryDialect) {
    this.#dialect = dialect;
  }

  #compile(shape: Shape): Decode {
    switch (shape.kind) {
      case "structure":
        return this.structure(shape);
      case "list":
        return this.#list(shape);
      case "map":
        return this.#map(shape);
      default:
        return this.#scalar(shape);
    }
  }

  structure(shape: StructureShape): (node: ParameterNode, path: string) => Record<string, unknown> {
    const known = this.#structures.get(shape);
    if (known !== undefined) return known;
    const dialect = this.#dialect;
    let members: ReadonlyMap<string, MemberDecoder> | undefined;
    const required = shape.members.filter((member) => member.required);
    const decode = (node: ParameterNode, path: string) => {
      members ??= this.#members(shape); // compiled late, because a structure may contain itself
      const prefix = path === "" ? "" : `${path}.`;
      if (node.value !== undefined && node.value !== "") dialect.refuseUnknown(path);
      const input: Record<string, unknown> = {};
      for (const [key, child] of node.children) {
        const member = members.get(key);
        if (member === undefined) dialect.refuseUnknown(prefix + key);
        else if (!member.ignoresEmpty || child.value !== "") input[member.name] = member.decode(child, prefix + key);
      }
      const missing = required.filter((member) => input[member.name] === undefined);
      if (missing.length > 0) dialect.refuseMissing(missing.map((member) => prefix + dialect.keyOf(member)));
      return input;
    };
    this.#structures.set(shape, decode);
    return decode;
  }

  #members({ name: structure, members }: StructureShape): ReadonlyMap<string, MemberDecoder> {
    const dialect = this.#dialect;
    const toDecoder = (member: Member): MemberDecoder => {
      const ignoresEmpty = member.shape.kind === "string" && !member.required && dialect.ignoresEmpty(structure, member.name);
      return { name: member.name, ignoresEmpty, decode: this.#compile(member.shape) };
    };
    return new Map(members.map((member) => [dialect.keyOf(member), toDecoder(member)]));
  }

  #list(shape: ListShape): Decode {
    const dialect = this.#dialect;
    const decode = this.#compile(shape.item.shape);
    const wrapper = dialect.flatLists ? undefined : (shape.item.xmlName ?? "member");
    return (node, path) => {
      if (node.value !== undefined && node.value !== "") dialect.refuseUnknown(path);
      return indexed(node, path, wrapper, dialect).map(([child, childPath]) => decode(child, childPath));
    };
  }

  #map(shape: MapShape): Decode {
    const dialect = this.#dialect;
    const decode = this.#compile(shape.value.shape);
    const keyName = shape.key.xmlName ?? "key";
    const valueName = shape.value.xmlName ?? "value";
    return (node, path) => {
      const map: Record<string, unknown> = Object.create(null); // keys are the client's: nothing may be inherited
      for (const [entry, entryPath] of indexed(node, path, "entry", dialect)) {
        const key = entry.children.get(keyName)?.value;
        const value = entry.children.get(valueName);
        if (key === undefined) return dialect.refuseMissing([`${entryPath}.${keyName}`]);
        if (value === undefined) return dialect.refuseMissing([`${entryPath}.${valueName}`]);
        map[key] = decode(value, `${entryPath}.${valueName}`);
      }
      return map;
    };
  }

  #scalar(shape: ScalarShape): Decode {
    const dialect = this.#dialect;
    const { kind } = shape;
    return (node, path) => {
      for (const key of node.children.keys()) dialect.refuseUnknown(`${path}.${key}`);
      const value = node.value === undefined ? undefined : parseScalar(kind, node.value);
      if (value === undefined) return dialect.refuseValue(path, node.value ?? "", scalarDescriptions[kind]);
      return value;
    };
  }
}

const listIndex = /^(?:0|[1-9]\d{0,9})$/;

/** The items of a list in the order of their numbers. Gaps are fine: the numbers order, they do not place. */
function indexed(
  node: ParameterNode,
  path: string,
  wrapper: string | undefined,
  dialect: QueryDialect,
): readonly (readonly [ParameterNode, string])[] {
  const holder = wrapper === undefined ? node : node.children.get(wrapper);
  if (holder === undefined) {
    for (const key of node.children.keys()) dialect.refuseUnknown(`${path}.${key}`);
    return [];
  }
  const prefix = wrapper === undefined ? path : `${path}.${wrapper}`;
  const items: [index: number, node: ParameterNode][] = [];
  for (const [key, child] of holder.children) {
    if (listIndex.test(key)) items.push([Number(key), child]);
    else dialect.refuseUnknown(`${prefix}.${key}`);
  }
  items.sort(([a], [b]) => a - b);
  return items.map(([index, child]) => [child, `${prefix}.${index}`]);
}
