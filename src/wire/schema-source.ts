/**
 * Reads the schemas out of the source text of an SDK package's schema module, without running it.
 *
 * The module is generated and is nothing but data: names bound to strings, numbers, arrays, objects, and `() => Name`
 * where a schema refers to another. Here it is indexed once, and a declaration is read when something first refers to
 * it. A control plane uses a few dozen of EC2's four thousand schemas; running the module would make them all.
 * Text of any other form is refused with an error, and the caller then loads the package the ordinary way.
 */

/** The operation and error schemas of the source text: arrays in the SDK's form, their references read when followed. */
export function readSchemaSource(source: string): readonly unknown[] {
  const declarations = new Map<string, number>();
  for (const match of source.matchAll(/^(?:export )?(?:const|var) ([\w$]+) = /gm)) {
    declarations.set(match[1] ?? "", match.index + match[0].length);
  }
  const reader = new SchemaReader(source, declarations);
  return Array.from(source.matchAll(/^export var ([\w$]+) = \[(?:9|-3),/gm), ([, name = ""]) => reader.resolve(name));
}

class SchemaReader {
  readonly #source: string;
  /** Where each name's value begins. */
  readonly #declarations: ReadonlyMap<string, number>;
  readonly #values = new Map<string, unknown>();

  constructor(source: string, declarations: ReadonlyMap<string, number>) {
    this.#source = source;
    this.#declarations = declarations;
  }

  /** The value of a name; the same object however often it is asked for, because schemas are known by identity. */
  resolve(name: string): unknown {
    if (this.#values.has(name)) return this.#values.get(name);
    const start = this.#declarations.get(name);
    if (start === undefined) throw new Error(`the schema source refers to ${name}, which it does not declare`);
    const value = new ValueParser(this.#source, start, (reference) => this.resolve(reference)).parse();
    this.#values.set(name, value);
    return value;
  }
}

const blank = /\s*/y;
const integer = /-?\d+/y;
const quoted = /(["`])([^"`\\$\n]*)\1/y;
const thunk = /\(\) => ([\w$]+)/y;
const identifier = /[A-Za-z_$][\w$]*/y;

/** One value of the schema source, from its first character on. */
class ValueParser {
  readonly #source: string;
  readonly #resolve: (name: string) => unknown;
  #at: number;

  constructor(source: string, start: number, resolve: (name: string) => unknown) {
    this.#source = source;
    this.#at = start;
    this.#resolve = resolve;
  }

  parse(): unknown {
    this.#match(blank);
    const first = this.#source[this.#at];
    if (first === "[") return this.#array();
    if (first === "{") return this.#object();
    const text = this.#match(quoted);
    if (text !== undefined) return text[2];
    const reference = this.#match(thunk)?.[1];
    if (reference !== undefined) return () => this.#resolve(reference);
    const name = this.#match(identifier)?.[0];
    return name === undefined ? this.#number() : this.#resolve(name);
  }

  /** Sums of flags are written as they are made: `64 | 0`. */
  #number(): number {
    let value = 0;
    do {
      this.#match(blank);
      const digits = this.#match(integer);
      if (digits === undefined) throw this.#unexpected();
      value |= Number(digits[0]);
    } while (this.#skip("|"));
    return value;
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    this.#at += 1;
    while (!this.#skip("]")) {
      items.push(this.parse());
      if (!this.#skip(",") && this.#peek() !== "]") throw this.#unexpected();
    }
    return items;
  }

  #object(): object {
    const entries: [string, unknown][] = [];
    this.#at += 1;
    while (!this.#skip("}")) {
      const key = this.#skip("[") ? this.parse() : undefined;
      if (typeof key !== "string" || !this.#skip("]") || !this.#skip(":")) throw this.#unexpected();
      entries.push([key, this.parse()]);
      if (!this.#skip(",") && this.#peek() !== "}") throw this.#unexpected();
    }
    return Object.fromEntries(entries);
  }

  #peek(): string | undefined {
    this.#match(blank);
    return this.#source[this.#at];
  }

  #skip(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #unexpected(): Error {
    return new Error(`the schema source has an unknown form: ${this.#source.slice(this.#at, this.#at + 40)}`);
  }
}
