/** A chart of bars as SVG, on a logarithmic scale: one group for each name, one bar for each series, the value written beside it. */

export interface Series {
  readonly name: string;
  readonly color: string;
  /** One for each group; undefined: not measured. */
  readonly values: readonly (number | undefined)[];
}

export interface Chart {
  readonly title: string;
  readonly groups: readonly string[];
  readonly series: readonly Series[];
  /** The ends of the scale. */
  readonly least: number;
  readonly most: number;
}

const [left, right, top, barHeight, gap] = [150, 90, 60, 14, 12];
const width = 760;

export function renderBars({ title, groups, series, least, most }: Chart): string {
  const groupHeight = series.length * barHeight + gap;
  const height = top + groups.length * groupHeight + 20;
  const scale = (value: number) => ((Math.log10(Math.min(most, Math.max(least, value))) - Math.log10(least)) / (Math.log10(most) - Math.log10(least))) * (width - left - right);
  const decades = Array.from({ length: Math.round(Math.log10(most / least)) + 1 }, (_, power) => least * 10 ** power);
  const grid = decades.map((value) => `<line x1="${left + scale(value)}" x2="${left + scale(value)}" y1="${top - 6}" y2="${height - 14}" stroke="#ddd"/><text x="${left + scale(value)}" y="${height - 2}" text-anchor="middle">${value}</text>`);
  const legend = series.map(({ name, color }, index) => `<rect x="${left + index * 150}" y="30" width="10" height="10" fill="${color}"/><text x="${left + 14 + index * 150}" y="39">${escape(name)}</text>`);
  const bars = groups.flatMap((group, row) => {
    const y = top + row * groupHeight;
    const label = `<text x="${left - 8}" y="${y + (series.length * barHeight) / 2 + 4}" text-anchor="end">${escape(group)}</text>`;
    return [label, ...series.flatMap(({ color, values }, index) => {
      const value = values[row];
      if (value === undefined) return [];
      const x = scale(value);
      return [`<rect x="${left}" y="${y + index * barHeight}" width="${Math.max(1, x).toFixed(1)}" height="${barHeight - 2}" fill="${color}"/><text x="${(left + x + 5).toFixed(1)}" y="${y + index * barHeight + 10}">${value.toPrecision(2)}</text>`];
    })];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/><text x="${left}" y="18" font-size="14">${escape(title)}</text>${[...grid, ...legend, ...bars].join("")}</svg>\n`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
