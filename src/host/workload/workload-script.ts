/**
 * The workload of `bench virt`: one shell script for busybox's shell, the same program natively and in every guest. Each part repeats a fixed piece of work until some time
 * has gone by, so that slow and fast machines take about as long, and says how many pieces it did in how many hundredths of a second. A piece is large enough that the
 * start of its program does not count.
 */

export interface Part {
  readonly name: string;
  /** What one piece stands for. */
  readonly unit: string;
  readonly units: number;
  /** What a user should expect of the kinds of virtualization. */
  readonly tells: string;
}

interface ScriptPart extends Part {
  /** `$BB` is busybox, `$M` a file in memory, `$D` one on the disk. */
  readonly script: string;
}

const parts: readonly ScriptPart[] = [
  { name: "integer", unit: "turn of a shell's loop", units: 100_000, tells: "instructions alone", script: "$BB sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done'" },
  { name: "floating point", unit: "product and sum", units: 500_000, tells: "instructions alone", script: "$BB awk 'BEGIN { x = 1; for (i = 0; i < 500000; i++) x = x * 1.0000001 + 0.5 }'" },
  { name: "memory", unit: "MiB filled", units: 256, tells: "stores", script: "$BB dd if=/dev/zero of=/dev/null bs=4M count=64 2> /dev/null" },
  { name: "system calls", unit: "call", units: 4_000, tells: "ways into the kernel and back", script: "$BB dd if=/dev/zero of=/dev/null bs=1 count=2000 2> /dev/null" },
  { name: "fork and exec", unit: "program", units: 20, tells: "new address spaces", script: "i=0; while [ $i -lt 20 ]; do $BB true; i=$((i + 1)); done" },
  { name: "context switches", unit: "byte through a pipe", units: 1_000, tells: "switches between address spaces", script: "$BB dd if=/dev/zero bs=1 count=1000 2> /dev/null | $BB dd of=/dev/null bs=1 2> /dev/null" },
  { name: "page faults", unit: "page", units: 4_096, tells: "changes of page tables", script: "$BB dd if=/dev/zero of=/dev/null bs=16M count=1 2> /dev/null" },
  { name: "disk", unit: "4 KiB write, past the cache", units: 50, tells: "a device", script: "$BB dd if=$M of=$D bs=4k count=50 oflag=direct conv=notrunc 2> /dev/null" },
];

export const workloadParts: readonly Part[] = parts;

export interface Score {
  readonly name: string;
  /** How many units were done. */
  readonly units: number;
  readonly perSecond: number;
}

/** What the script says before its first part, when it pauses there. */
export const begun = "begun";

export interface WorkloadOptions {
  readonly only?: readonly Part[];
  /** Before the first part and behind the last. */
  readonly pauseSeconds?: number;
}

/** The script; `busybox` is its path there, `seconds` the least time of each part. It ends with an error, and names the part, as soon as anything fails, and leaves nothing behind. */
export function workloadScript(busybox: string, directory: string, seconds: number, { only = workloadParts, pauseSeconds }: WorkloadOptions = {}): string {
  const chosen = parts.filter(({ name }) => only.some((part) => part.name === name));
  const pause = pauseSeconds === undefined ? [] : [`$BB sleep ${pauseSeconds}`];
  return [
    "set -e -o pipefail; part=preparation",
    `BB=${busybox}; M=/dev/shm/hostelry-bench.$$; D=${directory}/hostelry-bench.$$`,
    `trap '[ $? = 0 ] || echo "the workload failed at: $part" >&2; $BB rm -f $M $D' EXIT; trap 'exit 1' HUP INT TERM`,
    "now() { read up rest < /proc/uptime; now=${up%.*}${up#*.}; }",
    "$BB dd if=/dev/urandom of=$M bs=1M count=4 2> /dev/null; $BB dd if=/dev/zero of=$D bs=1M count=1 2> /dev/null",
    ...pause.map((line) => `echo ${begun}; ${line}`),
    ...chosen.map(({ name, script }) => `part='${name}'; n=0; now; from=$now; while :; do ${script}; n=$((n + 1)); now; if [ $((now - from)) -ge ${Math.round(seconds * 100)} ]; then break; fi; done; echo "${name}: $n $((now - from))"`),
    ...pause,
  ].join("\n");
}

/** In the parts' order. Fails when a part said nothing. */
export function parseScores(output: string, of: readonly Part[] = workloadParts): readonly Score[] {
  return of.map(({ name, units }) => {
    const [, count, hundredths] = new RegExp(`^${name}: (\\d+) (\\d+)$`, "m").exec(output) ?? [];
    if (count === undefined || hundredths === undefined) throw new Error(`the workload said nothing of ${name}`);
    return { name, units: Number(count) * units, perSecond: (Number(count) * units * 100) / Number(hundredths) };
  });
}
