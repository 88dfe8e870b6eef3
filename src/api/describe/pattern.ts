/**
 * The values of EC2 filters as patterns: `*` stands for any characters, `?` for one or none, a backslash makes the next
 * character ordinary (facts §11.3). With `?` in it, matching keeps the set of positions that the pattern may have reached,
 * so no pattern makes it explode: a text costs its length times the pattern's wildcards at most.
 */

type Token = { readonly kind: "text"; readonly char: string } | { readonly kind: "any" } | { readonly kind: "optional" };

export interface Pattern {
  /** What matching may cost for each character of a text; 0 for patterns that cost next to nothing. */
  readonly cost: number;
  /** Whether the whole text matches; case matters. */
  matches(text: string): boolean;
}

export function compilePattern(pattern: string): Pattern {
  const tokens = tokenize(pattern);
  const wildcards = tokens.filter((token) => token.kind !== "text");
  const segments = segmentsOf(tokens);
  if (wildcards.length === 0) return { cost: 0, matches: (text) => text === segments[0] };
  if (wildcards.every((token) => token.kind === "any")) return { cost: 0, matches: (text) => inOrder(segments, text) };
  const required = tokens.length - wildcards.length;
  return { cost: wildcards.length, matches: (text) => required <= text.length && walk(tokens, text) };
}

/** The texts between the wildcards, the empty ones at the ends included. */
function segmentsOf(tokens: readonly Token[]): string[] {
  const segments = [""];
  for (const token of tokens) {
    if (token.kind === "text") segments.push((segments.pop() ?? "") + token.char);
    else segments.push("");
  }
  return segments;
}

/** With stars alone, taking each segment where it first occurs never takes too much. */
function inOrder(segments: readonly string[], text: string): boolean {
  const [first = "", ...rest] = segments;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const segment of rest) {
    const found = text.indexOf(segment, at);
    if (found < 0) return false;
    at = found + segment.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === "\\" && at + 1 < pattern.length) {
      at += 1;
      tokens.push({ kind: "text", char: pattern.charAt(at) });
    } else if (char === "*" || char === "?") {
      addWildcard(tokens, char);
    } else {
      tokens.push({ kind: "text", char });
    }
  }
  return tokens;
}

/** In a run of wildcards with one `*`, the others add nothing. */
function addWildcard(tokens: Token[], char: "*" | "?"): void {
  if (tokens.at(-1)?.kind === "any") return;
  if (char === "*") while (tokens.at(-1)?.kind === "optional") tokens.pop();
  tokens.push({ kind: char === "*" ? "any" : "optional" });
}

function walk(tokens: readonly Token[], text: string): boolean {
  // A position's mark is the number of the step that reached it, which makes clearing free.
  const marks = new Uint32Array(tokens.length + 1);
  let positions: number[] = [];
  reach(tokens, positions, marks, 1, 0);
  for (let at = 0; at < text.length && positions.length > 0; at += 1) {
    const next: number[] = [];
    for (const position of positions) {
      const token = tokens[position];
      if (token === undefined || (token.kind === "text" && token.char !== text.charAt(at))) continue;
      reach(tokens, next, marks, at + 2, token.kind === "any" ? position : position + 1);
    }
    positions = next;
  }
  return positions.includes(tokens.length);
}

/** Adds the position and those behind it that cost no character. */
function reach(tokens: readonly Token[], positions: number[], marks: Uint32Array, step: number, from: number): void {
  for (let position = from; marks[position] !== step; position += 1) {
    marks[position] = step;
    positions.push(position);
    const kind = tokens[position]?.kind;
    if (kind === undefined || kind === "text") return;
  }
}
