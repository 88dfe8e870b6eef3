/** Debian's control format, as package indexes have it: paragraphs of `Field: value`, continued on lines that begin with a blank. */

/** Fields in their order; a value of several lines keeps its line breaks. */
export type ControlParagraph = ReadonlyMap<string, string>;

export function parseControl(text: string): readonly ControlParagraph[] {
  return text
    .split(/\n{2,}/)
    .map(parseParagraph)
    .filter((paragraph) => paragraph.size > 0);
}

export function formatControl(paragraph: ControlParagraph): string {
  return `${[...paragraph].map(([field, value]) => `${field}: ${value}`).join("\n")}\n`;
}

function parseParagraph(text: string): ControlParagraph {
  const fields = new Map<string, string>();
  let last = "";
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (/^[ \t]/.test(line) && last !== "") fields.set(last, `${fields.get(last) ?? ""}\n${line}`);
    else if (colon > 0) {
      last = line.slice(0, colon);
      fields.set(last, line.slice(colon + 1).trim());
    }
  }
  return fields;
}
