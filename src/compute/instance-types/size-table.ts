/**
 * The notation of the tables of sizes, and its parser. A line is one size; a table serves every family that differs only in processor, memory and disks.
 *
 *   size[:vcpus]  network  EBS Mbit/s  EBS IOPS  [word[=value] …]
 *   large         .75/10   650/4750    3600/18750
 *   metal:96      25       19000       80000       efa
 *
 * vCPUs follow from the size's name unless they are given. A network of `.75/10` has a baseline and a peak in Gbit/s ("Up to 10 Gigabit"), of `25` no other
 * peak, of `4x100` four cards of 100; before a colon stand EC2's own words where it gives no figure (`Moderate:.3/1.2`). `-` stands for no EBS optimisation.
 *
 * Words: `mem=` MiB; `if=IxA` interfaces and addresses on each; `ghz=` clock; `credits=` earned in an hour; `i386` takes 32-bit AMIs; `cores=4` the smallest
 * number that CpuOptions accepts, `cores=8:4` and the step from there; `acc=` accelerators, `accmem=` MiB on each; `cards=` network cards; `efa[=N]` interfaces that can be Elastic Fabric
 * Adapters; `att=` EBS attachments; `threads=` on a core; `nohost` not on Dedicated Hosts; `ena` takes the Elastic Network Adapter, where its family does not.
 */
import type { Architecture } from "./instance-type.ts";

/** EC2's words; baseline and peak Gbit/s of all cards together. */
export interface NetworkCell {
  readonly text: string;
  readonly baselineGbps: number;
  readonly peakGbps: number;
  readonly cards: number;
}

export interface EbsCell {
  readonly baselineMbps: number;
  readonly maximumMbps: number;
  readonly baselineIops: number;
  readonly maximumIops: number;
}

export interface DiskCell {
  readonly count: number;
  readonly sizeGb: number;
}

export interface SizeRow {
  readonly size: string;
  readonly vcpus: number;
  readonly network: NetworkCell;
  readonly ebs?: EbsCell;
  readonly memoryMib?: number;
  readonly interfaces?: { readonly count: number; readonly addressesEach: number };
  readonly clockGhz?: number;
  readonly creditsPerHour?: number;
  readonly architectures?: readonly Architecture[];
  readonly threadsPerCore?: 1 | 2;
  readonly cores?: { readonly from: number; readonly step: number };
  readonly accelerators?: number;
  readonly acceleratorMemoryMib?: number;
  readonly efaInterfaces: number;
  readonly ena: boolean;
  readonly maxAttachments?: number;
  readonly dedicatedHosts: boolean;
}

const words = new Set(["mem", "if", "ghz", "credits", "i386", "cores", "acc", "accmem", "cards", "efa", "att", "threads", "nohost", "ena"]);

const namedVcpus: Readonly<Record<string, number>> = { nano: 1, micro: 1, small: 1, medium: 1, large: 2, xlarge: 4 };

/** Throws for a table that is not in the notation: a mistake in our own source. */
export function parseSizes(table: string): readonly SizeRow[] {
  return table
    .trim()
    .split("\n")
    .map((line) => parseSize(line.trim().split(/\s+/)));
}

/** `large 1x75 xlarge 1x150`: disks and their size in GB by size. */
export function parseDisks(text: string): ReadonlyMap<string, DiskCell> {
  const cells = text.trim().split(/\s+/);
  return new Map(
    Array.from({ length: cells.length / 2 }, (_, index) => {
      const [count, sizeGb] = pair(cells[2 * index + 1] ?? "", "x");
      return [cells[2 * index] ?? "", { count, sizeGb }];
    }),
  );
}

function parseSize([first = "", network = "", mbps = "", iops = "", ...rest]: readonly string[]): SizeRow {
  const [size = "", given] = first.split(":");
  const options = parseWords(rest);
  const number = (word: string) => (options.has(word) ? toNumber(options.get(word) ?? "") : undefined);
  const [from, step] = options.has("cores") ? (options.get("cores") ?? "").split(":").map(toNumber) : [];
  const [count, addressesEach] = options.has("if") ? pair(options.get("if") ?? "", "x") : [];
  const cell = parseNetwork(network, number("cards") ?? 1);
  return {
    size,
    vcpus: given === undefined ? vcpusOf(size) : toNumber(given),
    network: cell,
    ...(mbps === "-" ? {} : { ebs: parseEbs(mbps, iops) }),
    ...present("memoryMib", number("mem")),
    ...(count === undefined || addressesEach === undefined ? {} : { interfaces: { count, addressesEach } }),
    ...present("clockGhz", number("ghz")),
    ...present("creditsPerHour", number("credits")),
    ...(options.has("i386") ? { architectures: ["i386", "x86_64"] as const } : {}),
    ...(options.has("threads") ? { threadsPerCore: number("threads") === 1 ? (1 as const) : (2 as const) } : {}),
    ...(from === undefined ? {} : { cores: { from, step: step ?? 2 } }),
    ...present("accelerators", number("acc")),
    ...present("acceleratorMemoryMib", number("accmem")),
    efaInterfaces: options.has("efa") ? (options.get("efa") === "" ? cell.cards : toNumber(options.get("efa") ?? "")) : 0,
    ena: options.has("ena"),
    ...present("maxAttachments", number("att")),
    dedicatedHosts: !options.has("nohost"),
  };
}

function parseWords(rest: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    rest.map((each) => {
      const [word = "", value = ""] = each.split("=");
      if (!words.has(word)) throw new RangeError(`a table of sizes has the word '${each}'`);
      return [word, value];
    }),
  );
}

/** The rule that nearly all sizes follow: `4xlarge` has 16, `metal-24xl` 96. */
function vcpusOf(size: string): number {
  const named = namedVcpus[size];
  if (named !== undefined) return named;
  const times = /^(?:metal-)?(\d+)xl(?:arge)?$/.exec(size)?.[1];
  if (times === undefined) throw new RangeError(`the vCPUs of size '${size}' do not follow from its name`);
  return 4 * Number(times);
}

function parseNetwork(text: string, cardsGiven: number): NetworkCell {
  const [phrase, figures] = text.includes(":") ? text.split(":") : [undefined, text];
  const [left = "", right] = (figures ?? "").split("/");
  const [cards, speed] = left.includes("x") ? pair(left, "x") : [cardsGiven, toNumber(left)];
  const baselineGbps = left.includes("x") ? cards * speed : speed;
  const peakGbps = right === undefined ? baselineGbps : toNumber(right);
  const said = left.includes("x") ? `${cards}x ${speed} Gigabit` : peakGbps > baselineGbps ? `Up to ${peakGbps} Gigabit` : `${baselineGbps} Gigabit`;
  return { text: phrase?.replaceAll("_", " ") ?? said, baselineGbps, peakGbps, cards };
}

function parseEbs(mbps: string, iops: string): EbsCell {
  const [baselineMbps, maximumMbps] = pairOrOne(mbps);
  const [baselineIops, maximumIops] = pairOrOne(iops);
  return { baselineMbps, maximumMbps, baselineIops, maximumIops };
}

function pairOrOne(text: string): readonly [number, number] {
  return text.includes("/") ? pair(text, "/") : [toNumber(text), toNumber(text)];
}

function pair(text: string, separator: string): readonly [number, number] {
  const [left = "", right = ""] = text.split(separator);
  return [toNumber(left), toNumber(right)];
}

function toNumber(text: string): number {
  const value = Number(text);
  if (text === "" || !Number.isFinite(value)) throw new RangeError(`a table of sizes has '${text}' where a number belongs`);
  return value;
}

function present<Key extends keyof SizeRow>(key: Key, value: number | undefined): { readonly [key in Key]?: number } {
  // A computed key widens to text; the parameter says which it is.
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in Key]: number });
}
