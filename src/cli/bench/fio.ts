/** Disk speed as a guest sees it: what `fio` in the guest says. */

export interface Pattern {
  readonly name: string;
  readonly mode: "randread" | "randwrite" | "read" | "write";
  readonly block: "4k" | "1M";
}

export const patterns: readonly Pattern[] = [
  { name: "4 KiB random read", mode: "randread", block: "4k" },
  { name: "4 KiB random write", mode: "randwrite", block: "4k" },
  { name: "1 MiB sequential read", mode: "read", block: "1M" },
  { name: "1 MiB sequential write", mode: "write", block: "1M" },
];

/** Every block that will be read is written first: a hole costs nothing and says nothing. */
const areaMib = 512;

export function fillCommand(disk: string): string {
  return `sudo dd if=/dev/urandom of=${disk} bs=1M count=${areaMib} oflag=direct conv=fsync status=none`;
}

export function readCommand(disk: string): string {
  return `sudo dd if=${disk} of=/dev/null bs=1M count=${areaMib} iflag=direct status=none`;
}

export interface Effort {
  /** At most, where every block is asked for once. */
  readonly seconds: number;
  /** No block is asked for a second time, when it would come from memory. */
  readonly once?: boolean;
}

export function fioCommand(disk: string, { mode, block }: Pattern, { seconds, once }: Effort): string {
  const depth = block === "4k" ? 16 : 4;
  const words = ["--name=bench", `--filename=${disk}`, `--rw=${mode}`, `--bs=${block}`, `--size=${areaMib}M`, "--direct=1", "--ioengine=libaio"];
  return ["sudo", "fio", ...words, `--iodepth=${depth}`, ...(once === true ? [] : ["--time_based"]), `--runtime=${seconds}`, "--output-format=json"].join(" ");
}

export interface Speed {
  readonly iops: number;
  readonly mibPerSecond: number;
}

/** Throws when the text is not what `fio --output-format=json` prints. */
export function parseFio(text: string): Speed {
  const document: unknown = JSON.parse(text.slice(text.indexOf("{")));
  const [job] = (document as { jobs?: readonly Readonly<Record<string, { iops: number; bw_bytes: number } | undefined>>[] }).jobs ?? []; // fio's own form
  const [read, write] = [job?.["read"], job?.["write"]];
  if (read === undefined || write === undefined) throw new Error("fio did not say what it measured");
  return { iops: read.iops + write.iops, mibPerSecond: (read.bw_bytes + write.bw_bytes) / 2 ** 20 };
}
