/**
 * Texts of policies that are compared with a request's: with wildcards, and with variables that stand for something about the request.
 *
 * A pattern is read once into units; a comparison goes through the text without building anything, and its cost is at most the product of the two
 * lengths, whatever the pattern. What a variable stands for is never read as a wildcard: a user named `*` is not everybody.
 */

/** A code unit of text, or one of the marks. */
type Unit = number;
const anyText: Unit = -1;
const anyCharacter: Unit = -2;

interface Variable {
  /** Lower case. */
  readonly key: string;
  readonly fallback: string | undefined;
}

type Piece = readonly Unit[] | Variable;

/** The value of a key of the request that has exactly one; lower-case name. */
export type Lookup = (key: string) => string | undefined;

/** Whether the text is what the pattern says; a variable without value is like no text at all. */
export type Pattern = (text: string, lookup: Lookup) => boolean;

export interface PatternOptions {
  /** `*` and `?` stand for others. */
  readonly wildcards: boolean;
  /** `${…}` is a variable (policies of version 2012-10-17). */
  readonly variables: boolean;
  readonly ignoreCase?: boolean;
}

export function compilePattern(source: string, options: PatternOptions): Pattern {
  const fold = options.ignoreCase === true ? (text: string) => text.toLowerCase() : (text: string) => text;
  const plain = !(options.variables && source.includes("${")) && !(options.wildcards && /[*?]/.test(source));
  if (plain) {
    const wanted = fold(source);
    return (text) => fold(text) === wanted;
  }
  if (source === "*") return () => true;
  const pieces = readPieces(source, options, fold);
  if (!pieces.some(isVariable)) {
    const units = pieces.flatMap((piece) => (isVariable(piece) ? [] : [...piece]));
    return (text) => matches(units, fold(text));
  }
  return (text, lookup) => {
    const units: Unit[] = [];
    for (const piece of pieces) {
      const resolved = isVariable(piece) ? resolve(piece, lookup, fold) : piece;
      if (resolved === undefined) return false;
      units.push(...resolved);
    }
    return matches(units, fold(text));
  };
}

function isVariable(piece: Piece): piece is Variable {
  return "key" in piece;
}

function resolve({ key, fallback }: Variable, lookup: Lookup, fold: (text: string) => string): readonly Unit[] | undefined {
  const value = lookup(key) ?? fallback;
  return value === undefined ? undefined : unitsOf(fold(value));
}

/** `${*}`, `${?}` and `${$}` are these characters themselves. */
const variableText = /\$\{(?:([*?$])|([^{}',]*?)\s*(?:,\s*'([^']*)'\s*)?)\}/y;

function readPieces(source: string, { wildcards, variables }: PatternOptions, fold: (text: string) => string): Piece[] {
  const pieces: Piece[] = [];
  let units: Unit[] = [];
  for (let at = 0; at < source.length; ) {
    const variable = variables ? matchVariable(source, at) : undefined;
    if (variable !== undefined) {
      const [whole, escaped, key = "", fallback] = variable;
      if (escaped === undefined) {
        pieces.push(units, { key: key.trim().toLowerCase(), fallback });
        units = [];
      } else units.push(...unitsOf(escaped));
      at += whole.length;
      continue;
    }
    const character = source.charAt(at);
    if (wildcards && character === "*") units.push(anyText);
    else if (wildcards && character === "?") units.push(anyCharacter);
    else units.push(...unitsOf(fold(character)));
    at += 1;
  }
  pieces.push(units);
  return pieces;
}

function matchVariable(source: string, at: number): RegExpExecArray | undefined {
  variableText.lastIndex = at;
  return variableText.exec(source) ?? undefined;
}

function unitsOf(text: string): Unit[] {
  return Array.from({ length: text.length }, (_none, index) => text.charCodeAt(index));
}

/** Where the last `*` was is all that must be remembered: an earlier one need never take more than it did. */
function matches(units: readonly Unit[], text: string): boolean {
  let [unit, at, star, starAt] = [0, 0, -1, 0];
  while (at < text.length) {
    const wanted = units[unit];
    if (wanted === anyText) {
      star = unit++;
      starAt = at;
    } else if (wanted === anyCharacter || wanted === text.charCodeAt(at)) {
      unit++;
      at++;
    } else if (star >= 0) {
      unit = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (units[unit] === anyText) unit++;
  return unit === units.length;
}

/** A text in an ARN's six parts; fewer, or the text alone, when it is none. */
export type ArnParts = readonly string[];

/** As `compilePattern`, for ARNs: each of the six parts between colons on its own, so that no wildcard reaches over a colon but in the last. */
export function compileArnPattern(source: string, options: { readonly variables: boolean }): (arn: ArnParts, lookup: Lookup) => boolean {
  if (source === "*") return () => true;
  const parts = [...splitArn(source, options.variables)];
  while (parts.length < 6) parts.push("*");
  const telling = parts.map((part, index) => ({ index, matches: compilePattern(part, { ...options, wildcards: true }) })).filter(({ index }) => parts[index] !== "*");
  // The last part tells most.
  telling.reverse();
  return (arn, lookup) => arn.length === 6 && telling.every(({ index, matches: matchesPart }) => matchesPart(arn[index] ?? "", lookup));
}

/** At most six parts: the last has whatever colons are left. A colon in a variable's name parts nothing. */
export function splitArn(text: string, variables = false): ArnParts {
  const parts: string[] = [];
  let begin = 0;
  for (let at = 0; at < text.length && parts.length < 5; at++) {
    if (variables && text.startsWith("${", at)) at = Math.max(at, text.indexOf("}", at));
    else if (text[at] === ":") {
      parts.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  return [...parts, text.slice(begin)];
}
