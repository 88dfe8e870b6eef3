/** `types recommend`: the instance types that suit a wish best, with reasons. Needs no installation. */
import { listInstanceTypes } from "../../compute/instance-types/catalogue.ts";
import { CommandError, exitCodes } from "../command-error.ts";
import { renderTable } from "../terminal.ts";
import { recommend, type Ranked, type Wish } from "../types/recommendation.ts";
import { findWorkload, workloads } from "../types/workloads.ts";

export interface RecommendOptions {
  readonly json?: boolean;
  readonly vcpu?: number;
  readonly memory?: number;
  readonly storage?: "local" | "hdd" | "ebs";
  readonly arch?: "x86_64" | "arm64";
  readonly network?: number;
  readonly ebs?: number;
  readonly gpu?: number;
  readonly load?: "steady" | "burst";
  readonly workload?: string;
  readonly previous?: boolean;
  readonly bareMetal?: boolean;
  readonly limit: number;
}

export function typesRecommend(options: RecommendOptions): void {
  const wish = toWish(options);
  const ranked = recommend(listInstanceTypes(), wish).slice(0, options.limit);
  if (options.json === true) process.stdout.write(`${JSON.stringify({ workload: wish.workload?.name ?? null, recommended: ranked }, undefined, 2)}\n`);
  else process.stdout.write(`${renderRecommendation(wish, options.workload, ranked)}\n`);
  if (ranked.length === 0) process.exitCode = exitCodes.failed;
}

function toWish(options: RecommendOptions): Wish {
  const { vcpu, memory, storage, arch, network, ebs, gpu, load, workload: text } = options;
  if ([vcpu, memory, storage, network, ebs, gpu, text].every((each) => each === undefined)) {
    throw new CommandError("There is nothing to go by.", { remedy: "Say what is needed: --vcpu, --memory, --storage, --network, --ebs, --gpu or --workload.", exitCode: exitCodes.usage });
  }
  const workload = text === undefined ? undefined : findWorkload(text);
  return {
    ...(vcpu === undefined ? {} : { vcpus: vcpu }),
    ...(memory === undefined ? {} : { memoryGib: memory }),
    ...(storage === undefined ? {} : { storage }),
    ...(arch === undefined ? {} : { architecture: arch }),
    ...(network === undefined ? {} : { networkGbps: network }),
    ...(ebs === undefined ? {} : { ebsMbps: ebs }),
    ...(gpu === undefined ? {} : { gpus: gpu }),
    ...(load === undefined ? {} : { load }),
    ...(workload === undefined ? {} : { workload }),
    previous: options.previous ?? false,
    bareMetal: options.bareMetal ?? false,
  };
}

export function renderRecommendation(wish: Wish, text: string | undefined, ranked: readonly Ranked[]): string {
  const { workload } = wish;
  const understood = text === undefined ? [] : workload === undefined ? [unknownWorkload(text)] : [`'${text}' is taken as ${workload.name}: ${workload.why}.`];
  if (ranked.length === 0) return [...understood, "No instance type has all of this."].join("\n");
  const entries = ranked.map(({ type, score, reasons }, index) => {
    const rows = reasons.map((reason) => ["  ", signed(reason.points), reason.about, reason.text]);
    return `${index + 1}. ${type.name}, ${score} points\n${renderTable(rows)}`;
  });
  return [...understood, ...entries, "There are no prices here: points go against what is more than asked for."].join("\n\n");
}

function unknownWorkload(text: string): string {
  return `Nothing is known of the workload '${text}', so figures alone decide. Known are: ${workloads.map(({ name }) => name).join(", ")}.`;
}

function signed(points: number): string {
  return points > 0 ? `+${points}` : String(points);
}
