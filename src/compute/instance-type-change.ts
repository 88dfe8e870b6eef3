/** Giving a stopped instance another type: whether it fits, and what of its row follows from the type (facts §1.8). */
import { architectureNotSupported, enaRequired, invalidInstanceAttributeValue, virtualizationNotSupported } from "../base/api-error.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import { findInstanceType } from "./instance-types/catalogue.ts";
import { instanceStoreOf, type InstanceStore } from "./instance-store.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import { requireAssistance, requireEnhancedNetworking } from "./launch-tags.ts";

/** Room is asked for at the next start, not now. */
export function planTypeChange(instance: InstanceRow, name: string): Partial<InstanceRow> {
  const type = findInstanceType(name);
  if (type === undefined) throw invalidInstanceAttributeValue(`Invalid value '${name}' for InstanceType.`);
  if (!type.architectures.includes(instance.architecture)) throw architectureNotSupported(instance.architecture, name);
  if (!type.virtualizations.includes(instance.virtualization_type)) throw virtualizationNotSupported(instance.virtualization_type);
  requireAssistance(type, [instance.virtualization]);
  if (instance.virtual_functions === 1) requireEnhancedNetworking(type, { enaSupport: instance.ena_support === 1, sriovNetSupport: "simple" });
  if (type.network.ena === "required" && instance.virtualization_type !== "hvm") throw enaRequired(name);
  return {
    instance_type: name,
    ena_support: type.network.ena === "unsupported" ? instance.ena_support : 1,
    ebs_optimized: type.ebs.optimized === "unsupported" ? 0 : instance.ebs_optimized,
    credit_specification: type.burstable === undefined ? null : (instance.credit_specification ?? (type.family === "t2" ? "standard" : "unlimited")),
    instance_store: JSON.stringify(fitInstanceStore(instance, type)),
  };
}

/** NVMe disks come with the type; others only where the launch mapped them, and there the mapping stays although disks may be fewer (facts §4.10). */
function fitInstanceStore(instance: InstanceRow, { instanceStore: store }: InstanceType): InstanceStore {
  const { devices } = instanceStoreOf(instance);
  const count = store?.diskCount ?? 0;
  const size = store?.diskSizeGb ?? 0;
  if (store?.nvme === "required") return { gib: Array.from({ length: count }, () => size), devices };
  const mapped = Object.keys(devices).filter((name) => Number(name.replace("ephemeral", "")) < count);
  return { gib: mapped.map(() => size), devices };
}
