/**
 * Outputs as XML elements. An encoder is compiled from an output's shape on first use and then only writes:
 * what a shape says about names is looked up once, not once a value.
 *
 * Absent members leave no element, an empty list is an empty element, and text is always well-formed: what XML cannot
 * carry becomes U+FFFD, because one bad tag value must not make a whole Describe answer unreadable.
 */
import { isLasting } from "./lasting.ts";
import { formatBase64, formatTimestamp } from "./scalar-text.ts";
import type { ListShape, MapShape, Member, ScalarKind, Shape, StructureShape } from "./shape.ts";
import { toMarkup, type Markup, type XmlWriter } from "./xml-writer.ts";

/** How a service writes times: EC2 always shows milliseconds, the others drop them when they are zero. */
export type XmlTimes = "milliseconds" | "shortest";

/** Writes the elements of a structure's members, without an element around them. */
export type XmlEncoder = (output: unknown, writer: XmlWriter) => void;

/** Writes one value as a whole element. */
type Element = XmlEncoder;

export function compileXmlEncoder(shape: StructureShape, times: XmlTimes): XmlEncoder {
  return new XmlCompiler(times).content(shape);
}

interface MemberElement {
  readonly name: string;
  readonly element: Element;
}

class XmlCompiler {
  readonly #times: XmlTimes;
  readonly #contents = new Map<StructureShape, XmlEncoder>();

  constructor(times: XmlTimes) {
    this.#times = times;
  }

  content(shape: StructureShape): XmlEncoder {
    const known = this.#contents.get(shape);
    if (known !== undefined) return known;
    let members: readonly MemberElement[] | undefined;
    const encode: XmlEncoder = (value, writer) => {
      const source = requireObject(value, shape.name);
      members ??= shape.members.map((member) => this.#member(shape, member)); // late: a structure may contain itself
      for (const { name, element } of members) {
        const item = source[name];
        if (item !== undefined && item !== null) element(item, writer);
      }
    };
    this.#contents.set(shape, encode);
    return encode;
  }

  #member(structure: StructureShape, member: Member): MemberElement {
    return { name: member.name, element: this.#element(member.xmlName ?? member.name, member.shape, `${structure.name}.${member.name}`) };
  }

  /** `place` is for the message about an output that does not fit its shape. */
  #element(tag: string, shape: Shape, place: string): Element {
    switch (shape.kind) {
      case "structure":
        return around(tag, this.content(shape));
      case "list":
        return around(tag, this.#items(shape, place));
      case "map":
        return around(tag, this.#entries(shape, place));
      default:
        return scalarElement(tag, this.#scalar(shape.kind), place);
    }
  }

  #items(shape: ListShape, place: string): XmlEncoder {
    const item = this.#element(shape.item.xmlName ?? "member", shape.item.shape, `${place}[]`);
    const element = shape.item.shape.kind === "structure" ? keepLasting(item, place) : item;
    return (value, writer) => {
      if (!Array.isArray(value)) throw misfit(place, "a list", value);
      for (const item of value) if (item !== undefined && item !== null) element(item, writer);
    };
  }

  #entries(shape: MapShape, place: string): XmlEncoder {
    const key = this.#element(shape.key.xmlName ?? "key", shape.key.shape, `${place} key`);
    const element = this.#element(shape.value.xmlName ?? "value", shape.value.shape, `${place} value`);
    return (value, writer) => {
      for (const [name, item] of Object.entries(requireObject(value, place))) {
        if (item === undefined || item === null) continue;
        writer.markup(openEntry);
        key(name, writer);
        element(item, writer);
        writer.markup(closeEntry);
      }
    };
  }

  #scalar(kind: ScalarKind): WriteScalar {
    return kind === "timestamp" && this.#times === "shortest" ? writeShortTime : scalarWriters[kind];
  }
}

const openEntry = toMarkup("<entry>");
const closeEntry = toMarkup("</entry>");

function around(tag: string, content: XmlEncoder): Element {
  const open = toMarkup(`<${tag}>`);
  const close = toMarkup(`</${tag}>`);
  const empty = toMarkup(`<${tag}/>`);
  return (value, writer) => {
    const before = writer.length;
    writer.markup(open);
    content(value, writer);
    if (writer.length > before + open.length) return writer.markup(close);
    writer.backTo(before);
    writer.markup(empty);
  };
}

/** What was marked as lasting is written once and copied from then on. */
function keepLasting(element: Element, place: string): Element {
  const kept = new WeakMap<object, Markup>();
  return (value, writer) => {
    const structure = requireObject(value, `${place}[]`);
    const known = kept.get(structure);
    if (known !== undefined) return writer.markup(known);
    const before = writer.length;
    element(structure, writer);
    if (isLasting(structure)) kept.set(structure, writer.copyFrom(before));
  };
}

function scalarElement(tag: string, write: WriteScalar, place: string): Element {
  const open = toMarkup(`<${tag}>`);
  const close = toMarkup(`</${tag}>`);
  return (value, writer) => {
    writer.markup(open);
    if (!write(value, writer)) throw misfit(place, "a value of the model's type", value);
    writer.markup(close);
  };
}

/** Writes a value; false when it is of another kind. */
type WriteScalar = (value: unknown, writer: XmlWriter) => boolean;

const writeNumber: WriteScalar = (value, writer) => {
  if (typeof value !== "number" || !Number.isFinite(value)) return false;
  writer.text(String(value));
  return true;
};

const writeTime: WriteScalar = (value, writer) => {
  if (!isTime(value)) return false;
  writer.text(formatTimestamp(value));
  return true;
};

const writeShortTime: WriteScalar = (value, writer) => {
  if (!isTime(value)) return false;
  writer.text(formatTimestamp(value).replace(".000Z", "Z"));
  return true;
};

function isTime(value: unknown): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

const scalarWriters: Readonly<Record<ScalarKind, WriteScalar>> = {
  string: (value, writer) => {
    if (typeof value !== "string") return false;
    writer.text(value);
    return true;
  },
  boolean: (value, writer) => {
    if (typeof value !== "boolean") return false;
    writer.text(value ? "true" : "false");
    return true;
  },
  integer: writeNumber,
  fractional: writeNumber,
  timestamp: writeTime,
  blob: (value, writer) => {
    if (!(value instanceof Uint8Array)) return false;
    writer.text(formatBase64(value));
    return true;
  },
};

function requireObject(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw misfit(place, "a structure", value);
  return value as Readonly<Record<string, unknown>>; // any object may be read by member name
}

/** An output that does not fit its shape is a defect of the action, not of the request; values are not shown. */
function misfit(place: string, expected: string, value: unknown): TypeError {
  return new TypeError(`cannot write ${place} as XML: expected ${expected}, got ${Array.isArray(value) ? "a list" : typeof value}`);
}
