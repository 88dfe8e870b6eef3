/**
 * Which Debian mirror this machine uses, read from its own apt configuration: the builder names no server itself.
 *
 * Both file formats are read. Only entries of Debian proper count: their suite is a Debian release's name (or that name
 * with `-updates` or `-security`) and they have the component `main`; other vendors' repositories are left out. On a machine
 * that runs another Debian release the same mirrors are used with the wanted release's name.
 */
import { CapabilityError } from "../../base/errors.ts";

export interface AptSource {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly signedBy?: string;
  readonly trusted?: boolean;
}

const releases = ["bullseye", "bookworm", "trixie", "forky", "sid", "oldstable", "stable", "testing", "unstable"];
const wantedSuffixes = ["", "-updates", "-security"];

/** The sources of one file of apt's; `.sources` files have paragraphs, all others one source a line. */
export function parseAptSources(fileName: string, text: string): readonly AptSource[] {
  return fileName.endsWith(".sources") ? parseParagraphs(text) : parseLines(text);
}

/** Debian's own sources among these, for `release`. */
export function debianSourcesFor(release: string, sources: readonly AptSource[]): readonly AptSource[] {
  const debian = sources.flatMap((source) => {
    const suites = source.suites.filter((suite) => suffixOf(suite) !== undefined);
    return suites.length > 0 && source.components.includes("main") ? [{ ...source, suites, components: ["main"] }] : [];
  });
  const same = debian.filter((source) => source.suites.some((suite) => suite === release));
  const chosen = same.length > 0 ? onlyRelease(release, debian) : debian.map((source) => renamed(source, release));
  if (chosen.length > 0) return chosen;
  throw new CapabilityError(
    "apt on this machine knows no Debian mirror",
    `add one to /etc/apt/sources.list.d (and install debian-archive-keyring), with ${release} as the suite and main as the component`,
  );
}

/** The same mirrors with newer packages that were built for the release. */
export function withBackports(release: string, sources: readonly AptSource[]): readonly AptSource[] {
  return sources.map((source) => (source.suites.includes(release) ? { ...source, suites: [...source.suites, backportsOf(release)] } : source));
}

export function backportsOf(release: string): string {
  return `${release}-backports`;
}

/** The sources as the text of a `.sources` file. */
export function formatAptSources(sources: readonly AptSource[]): string {
  return sources.map(formatParagraph).join("\n");
}

function formatParagraph(source: AptSource): string {
  return [
    "Types: deb",
    `URIs: ${source.uris.join(" ")}`,
    `Suites: ${source.suites.join(" ")}`,
    `Components: ${source.components.join(" ")}`,
    ...(source.signedBy === undefined ? [] : [`Signed-By: ${source.signedBy}`]),
    ...(source.trusted === true ? ["Trusted: yes"] : []),
    "",
  ].join("\n");
}

function onlyRelease(release: string, sources: readonly AptSource[]): AptSource[] {
  return sources.flatMap((source) => {
    const suites = source.suites.filter((suite) => suite === release || suite.startsWith(`${release}-`));
    return suites.length === 0 ? [] : [{ ...source, suites }];
  });
}

function renamed(source: AptSource, release: string): AptSource {
  return { ...source, suites: [...new Set(source.suites.map((suite) => `${release}${suffixOf(suite) ?? ""}`))] };
}

/** What follows the release's name in a suite that the builder may use; undefined for every other suite. */
function suffixOf(suite: string): string | undefined {
  const release = releases.find((name) => suite === name || suite.startsWith(`${name}-`));
  const suffix = release === undefined ? undefined : suite.slice(release.length);
  return suffix !== undefined && wantedSuffixes.includes(suffix) ? suffix : undefined;
}

function parseParagraphs(text: string): AptSource[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("#")).join("\n");
  return lines.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = new Map<string, string>();
    let name = "";
    for (const line of paragraph.split("\n")) {
      const start = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (start !== null) name = start[1]?.toLowerCase() ?? "";
      fields.set(name, `${fields.get(name) ?? ""} ${start === null ? line : (start[2] ?? "")}`.trim());
    }
    const words = (field: string) => (fields.get(field) ?? "").split(/\s+/).filter((word) => word !== "");
    if (!words("types").includes("deb") || words("enabled")[0] === "no") return [];
    return [source(words("uris"), words("suites"), words("components"), fields.get("signed-by"), fields.get("trusted"))];
  });
}

function parseLines(text: string): AptSource[] {
  return text.split("\n").flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (match === null) return [];
    const [, optionText = "", uri = "", suite = "", components = ""] = match;
    const options = new Map(optionText.split(/\s+/).map((option) => splitOnce(option)));
    return [source([uri], [suite], components.trim().split(/\s+/), options.get("signed-by"), options.get("trusted"))];
  });
}

function source(uris: string[], suites: string[], components: string[], signedBy?: string, trusted?: string): AptSource {
  return {
    uris,
    suites,
    components,
    ...(signedBy === undefined || signedBy.includes("\n") ? {} : { signedBy }),
    ...(trusted === "yes" ? { trusted: true } : {}),
  };
}

function splitOnce(option: string): [string, string] {
  const at = option.indexOf("=");
  return at < 0 ? [option, ""] : [option.slice(0, at), option.slice(at + 1)];
}
