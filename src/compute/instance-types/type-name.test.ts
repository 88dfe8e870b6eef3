import { _InstanceType as SdkInstanceType } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { listInstanceTypes } from "./catalogue.ts";
import { decodeName, type DecodedName } from "./type-name.ts";

const known: readonly string[] = [...new Set([...Object.values(SdkInstanceType), ...listInstanceTypes().map(({ name }) => name)])];

function decoded(name: string): DecodedName {
  const result = decodeName(name);
  if ("malformed" in result) throw new Error(`${name}: ${result.malformed}`);
  return result;
}

/** The parts put together again. */
function joined({ parts }: DecodedName): string {
  return parts.map(({ kind, text }) => (kind === "variant" ? `-${text}` : kind === "size" ? `.${text}` : text)).join("");
}

test("Every part of every name that EC2 has is known", () => {
  const unknown = known.map(decoded).filter((name) => name.category === undefined || name.parts.some((part) => !part.known) || joined(name) !== name.name);
  expect(unknown.map(({ name }) => name)).toEqual([]);
});

test("What a name tells of the processor is true of the catalogue's type", () => {
  const wrong = listInstanceTypes().filter(({ name, architectures, manufacturer }) => {
    const { processor } = decoded(name);
    if (processor === "not said by the name") return false;
    return processor.includes("arm64") !== architectures.includes("arm64") || (manufacturer === "AMD" || manufacturer === "Intel") !== (processor.startsWith("AMD") || processor.includes("Intel"));
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

describe("Parts", () => {
  const rows: [name: string, category: string, processor: string, ...parts: string[]][] = [
    ["c7gn.4xlarge", "compute optimized", "AWS Graviton (arm64)", "series c", "generation 7", "option g", "option n", "size 4xlarge"],
    ["m7i-flex.large", "general purpose", "Intel (x86_64)", "series m", "generation 7", "option i", "variant flex", "size large"],
    ["u-6tb1.metal", "memory optimized", "Intel (x86_64), as it has no letter for a processor", "series u", "variant 6tb1", "size metal"],
    ["u7i-12tb.224xlarge", "memory optimized", "Intel (x86_64)", "series u", "generation 7", "option i", "variant 12tb", "size 224xlarge"],
    ["p6-b200.48xlarge", "accelerated computing", "not said by the name", "series p", "generation 6", "variant b200", "size 48xlarge"],
    ["mac2-m2pro.metal", "general purpose", "Apple", "series mac", "generation 2", "variant m2pro", "size metal"],
    ["is4gen.2xlarge", "storage optimized", "AWS Graviton (arm64)", "series is", "generation 4", "option g", "option e", "option n", "size 2xlarge"],
    ["hpc6id.32xlarge", "high-performance computing", "Intel (x86_64)", "series hpc", "generation 6", "option i", "option d", "size 32xlarge"],
    ["t3a.nano", "general purpose", "AMD (x86_64)", "series t", "generation 3", "option a", "size nano"],
    ["m5.metal-24xl", "general purpose", "Intel (x86_64), as it has no letter for a processor", "series m", "generation 5", "size metal-24xl"],
  ];
  test.each(rows)("%s", (name, category, processor, ...parts) => {
    const result = decoded(name);
    expect([result.category, result.processor, ...result.parts.map(({ kind, text }) => `${kind} ${text}`)]).toEqual([category, processor, ...parts]);
  });
});

test("A well-formed name of which nothing is known is taken apart all the same", () => {
  const { category, parts } = decoded("qq9wy-zz.7xlarge");
  expect([category, parts.map(({ text, known: isKnown }) => `${text} ${isKnown ? "known" : "unknown"}`)]).toEqual([undefined, ["qq unknown", "9 known", "w unknown", "y unknown", "zz unknown", "7xlarge known"]]);
});

test.each([
  ["", "it is empty"],
  ["m5", "it has no size after a dot"],
  ["M5.large", "it has capital letters"],
  ["m5.large.x", "it has more than one dot"],
  [".large", "it has no family before the dot"],
  ["m5.", "'' is no size"],
  ["5m.large", "'5m' is no family"],
  ["m5.huge", "'huge' is no size"],
  ["m5.0xlarge", "'0xlarge' is no size"],
  ["m5.metal-24", "'metal-24' is no size"],
  [" m5.large", "there are blanks around it"],
  ["m5-.large", "'m5-' is no family"],
  [`m${"5".repeat(70)}.large`, "it is longer than 64 characters"],
])("'%s' is refused, and why is said", (name, reason) => {
  expect(decodeName(name)).toEqual({ malformed: expect.stringContaining(reason) });
});

test("No text makes the decoder fail, and what it takes apart can be put together again", () => {
  const next = pseudoRandom(7);
  const alphabet = "abcdefghimnpqrstuxz0123456789-.MT /é\u0000xlarge";
  const text = () => Array.from({ length: next(14) }, () => alphabet[next(alphabet.length)] ?? "").join("");
  const mutated = () => {
    const name = known[next(known.length)] ?? "";
    const at = next(name.length + 1);
    return name.slice(0, at) + (alphabet[next(alphabet.length)] ?? "") + name.slice(at + next(2));
  };
  const names = Array.from({ length: 20_000 }, (_, index) => (index % 2 === 0 ? text() : mutated()));
  const wrong = names.filter((name) => {
    const result = decodeName(name);
    return "malformed" in result ? result.malformed === "" : joined(result) !== name || result.parts.some((part) => part.meaning === "");
  });
  expect(wrong).toEqual([]);
});

/** Whole numbers below a bound, the same in every run. */
function pseudoRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
