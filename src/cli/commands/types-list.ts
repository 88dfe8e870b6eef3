/** `types list`: the catalogue's types that filters let through. Needs no installation. */
import { listInstanceTypes } from "../../compute/instance-types/catalogue.ts";
import type { InstanceType } from "../../compute/instance-types/instance-type.ts";
import { decodeName } from "../../compute/instance-types/type-name.ts";
import { renderTable } from "../terminal.ts";

export interface ListOptions {
  readonly json?: boolean;
  readonly family?: string;
  readonly category?: string;
  readonly arch?: string;
  readonly vcpu?: number;
  readonly memory?: number;
  readonly localStorage?: boolean;
  readonly gpu?: boolean;
  readonly burstable?: boolean;
  readonly bareMetal?: boolean;
  readonly generation?: string;
}

export function typesList(options: ListOptions): void {
  const types = listInstanceTypes().filter((type) => passes(type, options));
  process.stdout.write(options.json === true ? `${JSON.stringify(types, undefined, 2)}\n` : `${renderTypes(types)}\n`);
}

function passes(type: InstanceType, options: ListOptions): boolean {
  return (
    (options.family === undefined || type.family === options.family) &&
    (options.category === undefined || categoryOf(type) === options.category) &&
    (options.arch === undefined || type.architectures.some((each) => each === options.arch)) &&
    (options.vcpu === undefined || type.vcpus === options.vcpu) &&
    (options.memory === undefined || type.memoryMib === options.memory * 1024) &&
    (options.localStorage !== true || type.instanceStore !== undefined) &&
    (options.gpu !== true || type.accelerators?.kind === "gpu" || type.accelerators?.kind === "partial gpu") &&
    (options.burstable !== true || type.burstable !== undefined) &&
    (options.bareMetal !== true || type.bareMetal) &&
    (options.generation === undefined || type.currentGeneration === (options.generation === "current"))
  );
}

function categoryOf(type: InstanceType): string | undefined {
  const decoded = decodeName(type.name);
  return "malformed" in decoded ? undefined : decoded.category;
}

function renderTypes(types: readonly InstanceType[]): string {
  if (types.length === 0) return "No instance type has all of this.";
  const rows = types.map(({ name, vcpus, memoryMib, architectures, network, instanceStore: store, accelerators }) => [
    name,
    String(vcpus),
    `${Math.round((memoryMib / 1024) * 100) / 100} GiB`,
    architectures.join(" "),
    network.text,
    store === undefined ? "" : `${store.diskCount} × ${store.diskSizeGb} GB ${store.diskType}`,
    accelerators === undefined ? "" : `${accelerators.kind === "partial gpu" ? "part of 1" : accelerators.count} × ${accelerators.name}`,
  ]);
  return renderTable([["TYPE", "VCPUS", "MEMORY", "ARCHITECTURE", "NETWORK", "LOCAL DISKS", "ACCELERATORS"], ...rows]);
}
