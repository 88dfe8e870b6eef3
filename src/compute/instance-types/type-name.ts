/**
 * The grammar of instance types' names, and what each part means (facts §3.1):
 *
 *   name    = series [generation] [options] ["-" variant] "." size
 *   c7gn.4xlarge = c, 7, g n, 4xlarge     u7i-12tb.224xlarge = u, 7, i, 12tb, 224xlarge     mac2-m2pro.metal = mac, 2, m2pro, metal
 *
 * It takes every well-formed name, whether or not there is such a type: what the grammar does not know it calls unknown.
 */
import { optionMeaning, sizeMeaning, variantMeaning } from "./name-parts.ts";
import { findSeries, type Category } from "./series.ts";

export type PartKind = "series" | "generation" | "option" | "variant" | "size";

export interface NamePart {
  readonly kind: PartKind;
  /** As it stands in the name. */
  readonly text: string;
  readonly meaning: string;
  readonly known: boolean;
}

export interface DecodedName {
  readonly name: string;
  readonly family: string;
  readonly size: string;
  readonly series: string;
  /** Absent where the name has none: `u-6tb1`, `mac-m4`. */
  readonly generation?: number;
  readonly category?: Category;
  /** What the series is for. */
  readonly uses?: string;
  readonly processor: string;
  /** In the order of the name; their texts, with the separators, are the name. */
  readonly parts: readonly NamePart[];
}

/** Why a text is no name of an instance type. */
export interface MalformedName {
  readonly malformed: string;
}

const grammar = /^(?<series>[a-z]+)(?<generation>\d*)(?<options>[a-z]*)(?:-(?<variant>[a-z0-9]+))?$/;
const sizes = /^(?:nano|micro|small|medium|large|xlarge|(?:[1-9]\d*)xlarge|metal(?:-[1-9]\d*xl)?)$/;
const longestName = 64;

export function decodeName(name: string): DecodedName | MalformedName {
  const fault = faultOf(name);
  if (fault !== undefined) return { malformed: fault };
  const [family = "", size = ""] = name.split(".");
  const { series = "", generation = "", options = "", variant } = grammar.exec(family)?.groups ?? {};
  const facts = findSeries(series);
  return {
    name,
    family,
    size,
    series,
    ...(generation === "" ? {} : { generation: Number(generation) }),
    ...(facts === undefined ? {} : { category: facts.category, uses: facts.uses }),
    processor: processorOf(series, generation, options, variant),
    parts: [
      { kind: "series", text: series, meaning: facts?.meaning ?? "a series that is not known here", known: facts !== undefined },
      ...(generation === "" ? [] : [{ kind: "generation" as const, text: generation, meaning: `generation ${Number(generation)}`, known: true }]),
      ...[...options].map((letter): NamePart => toPart("option", letter, optionMeaning(letter, series))),
      ...(variant === undefined ? [] : [toPart("variant", variant, variantMeaning(variant))]),
      toPart("size", size, sizeMeaning(size)),
    ],
  };
}

/** Undefined when the name is well-formed. */
function faultOf(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.length > longestName) return `it is longer than ${longestName} characters`;
  if (name !== name.trim()) return "there are blanks around it";
  if (/[A-Z]/.test(name)) return "it has capital letters; names are in lower case";
  const [family = "", size, ...rest] = name.split(".");
  if (size === undefined) return "it has no size after a dot, as in m5.large";
  if (rest.length > 0) return "it has more than one dot";
  if (family === "") return "it has no family before the dot";
  if (!grammar.test(family)) return `'${family}' is no family: letters, a generation, options and a variant, as in c7gn or u7i-12tb`;
  if (!sizes.test(size)) return `'${size}' is no size: nano to xlarge, 2xlarge and so on, metal, or metal-24xl`;
  return undefined;
}

function toPart(kind: PartKind, text: string, meaning: string | undefined): NamePart {
  return { kind, text, meaning: meaning ?? `${kind === "option" ? "an option" : `a ${kind}`} that is not known here`, known: meaning !== undefined };
}

/** What the name tells of the processor: since the 6th generation a letter says it, and before it none meant Intel. */
function processorOf(series: string, generation: string, options: string, variant: string | undefined): string {
  if (series === "mac") return generation === "1" ? "Intel (x86_64)" : "Apple";
  if (series === "a" || options.includes("g")) return "AWS Graviton (arm64)";
  if (options.startsWith("a")) return "AMD (x86_64)";
  if (options.includes("i")) return "Intel (x86_64)";
  if (variant?.startsWith("gb") === true) return "NVIDIA Grace (arm64)";
  const unsaid = Number(generation) >= 6 || findSeries(series)?.category === "accelerated computing";
  return unsaid ? "not said by the name" : "Intel (x86_64), as it has no letter for a processor";
}
