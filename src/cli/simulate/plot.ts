/** Lines over a common axis as a small SVG, one panel above the other. */

export interface Line {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  /** The value at the top; the bottom is 0. */
  readonly top: number;
  readonly unit: string;
  readonly lines: readonly Line[];
}

const size = { width: 640, panel: 150, left: 56, right: 150, head: 22, foot: 20 };
const colours = ["#0b6bcb", "#c2410c", "#15803d", "#7e22ce"];

/** `axis`: what each value stands over, as text; the first and the last are written. `mark`: the position after which something else begins. */
export function plot(panels: readonly Panel[], axis: readonly string[], mark?: { readonly at: number; readonly text: string }): string {
  const height = panels.length * (size.panel + size.head + size.foot);
  const bodies = panels.map((panel, index) => drawPanel(panel, axis, mark, index * (size.panel + size.head + size.foot)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" font-family="sans-serif" font-size="11" fill="#444">\n<rect width="100%" height="100%" fill="#fff"/>\n${bodies.join("\n")}\n</svg>\n`;
}

function drawPanel({ title, top, unit, lines }: Panel, axis: readonly string[], mark: { readonly at: number; readonly text: string } | undefined, offset: number): string {
  const [base, width] = [offset + size.head + size.panel, size.width - size.left - size.right];
  const x = (at: number) => (size.left + (width * at) / Math.max(1, axis.length - 1)).toFixed(1);
  const y = (value: number) => (base - (size.panel * Math.min(value, top)) / top).toFixed(1);
  const text = (at: string | number, of: string | number, words: string, anchor = "start", fill = "") => `<text x="${at}" y="${of}" text-anchor="${anchor}"${fill}>${words}</text>`;
  const grid = [0, 0.5, 1].flatMap((part) => [
    `<path d="M${size.left} ${y(top * part)}H${size.left + width}" stroke="#ddd"/>`,
    text(size.left - 6, Number(y(top * part)) + 4, `${Number((top * part).toPrecision(3))}${unit}`, "end"),
  ]);
  const drawn = lines.flatMap(({ name, values }, index) => {
    const colour = colours[index % colours.length] ?? "#000";
    const path = values.map((value, at) => `${at === 0 ? "M" : "L"}${x(at)} ${y(value)}`).join("");
    return [`<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>`, text(size.left + width + 8, offset + size.head + 14 + 16 * index, name, "start", ` fill="${colour}"`)];
  });
  const marked = mark === undefined ? [] : [`<path d="M${x(mark.at)} ${y(top)}V${base}" stroke="#999" stroke-dasharray="3 3"/>`, text(Number(x(mark.at)) + 4, offset + size.head + 10, mark.text)];
  const ends = [text(size.left, base + 14, axis[0] ?? ""), text(size.left + width, base + 14, axis.at(-1) ?? "", "end")];
  return [text(size.left, offset + 14, title, "start", ' font-weight="bold"'), ...grid, ...marked, ...drawn, ...ends].join("\n");
}
