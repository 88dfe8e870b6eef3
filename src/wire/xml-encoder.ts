/**
 * Outputs as XML elements. An encoder is compiled from an output's shape on first use and then only concatenates text:
 * what a shape says about names is looked up once, not once a value.
 *
 * Absent members leave no element, an empty list is an empty element, and text is always well-formed: what XML cannot
 * carry becomes U+FFFD, because one bad tag value must not make a whole Describe answer unreadable.
 */
import { formatBase64, formatTimestamp } from "./scalar-text.ts";
import type { ListShape, MapShape, Member, ScalarKind, Shape, StructureShape } from "./shape.ts";
import { escapeXml } from "./xml-text.ts";

/** How a service writes times: EC2 always shows milliseconds, the others drop them when they are zero. */
export type XmlTimes = "milliseconds" | "shortest";

/** The elements of a structure's members, without an element around them. */
export type XmlEncoder = (output: unknown) => string;

/** One value as a whole element. */
type Element = (value: unknown) => string;

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
    const encode = (value: unknown) => {
      const source = requireObject(value, shape.name);
      members ??= shape.members.map((member) => this.#member(shape, member)); // late: a structure may contain itself
      let text = "";
      for (const { name, element } of members) {
        const item = source[name];
        if (item !== undefined && item !== null) text += element(item);
      }
      return text;
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
    const element = this.#element(shape.item.xmlName ?? "member", shape.item.shape, `${place}[]`);
    return (value) => {
      if (!Array.isArray(value)) throw misfit(place, "a list", value);
      let text = "";
      for (const item of value) if (item !== undefined && item !== null) text += element(item);
      return text;
    };
  }

  #entries(shape: MapShape, place: string): XmlEncoder {
    const key = this.#element(shape.key.xmlName ?? "key", shape.key.shape, `${place} key`);
    const element = this.#element(shape.value.xmlName ?? "value", shape.value.shape, `${place} value`);
    return (value) => {
      let text = "";
      for (const [name, item] of Object.entries(requireObject(value, place))) {
        if (item !== undefined && item !== null) text += `<entry>${key(name)}${element(item)}</entry>`;
      }
      return text;
    };
  }

  #scalar(kind: ScalarKind): ScalarText {
    return kind === "timestamp" && this.#times === "shortest" ? shortTimeText : scalarTexts[kind];
  }
}

function around(tag: string, content: XmlEncoder): Element {
  const open = `<${tag}>`;
  const close = `</${tag}>`;
  const empty = `<${tag}/>`;
  return (value) => {
    const text = content(value);
    return text === "" ? empty : open + text + close;
  };
}

function scalarElement(tag: string, toText: ScalarText, place: string): Element {
  const open = `<${tag}>`;
  const close = `</${tag}>`;
  return (value) => {
    const text = toText(value);
    if (text === undefined) throw misfit(place, "a value of the model's type", value);
    return open + text + close;
  };
}

/** The escaped text of a value, or undefined when the value is of another kind. */
type ScalarText = (value: unknown) => string | undefined;

const numberText: ScalarText = (value) => (typeof value === "number" && Number.isFinite(value) ? String(value) : undefined);
const timeText: ScalarText = (value) => (value instanceof Date && !Number.isNaN(value.getTime()) ? formatTimestamp(value) : undefined);
const shortTimeText: ScalarText = (value) => timeText(value)?.replace(".000Z", "Z");

const scalarTexts: Readonly<Record<ScalarKind, ScalarText>> = {
  string: (value) => (typeof value === "string" ? escapeXml(value) : undefined),
  boolean: (value) => (value === true ? "true" : value === false ? "false" : undefined),
  integer: numberText,
  fractional: numberText,
  timestamp: timeText,
  blob: (value) => (value instanceof Uint8Array ? formatBase64(value) : undefined),
};

function requireObject(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw misfit(place, "a structure", value);
  return value as Readonly<Record<string, unknown>>; // any object may be read by member name
}

/** An output that does not fit its shape is a defect of the action, not of the request; values are not shown. */
function misfit(place: string, expected: string, value: unknown): TypeError {
  return new TypeError(`cannot write ${place} as XML: expected ${expected}, got ${Array.isArray(value) ? "a list" : typeof value}`);
}
