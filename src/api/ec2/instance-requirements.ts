/** Attribute-based choice of instance types: what a request's InstanceRequirements mean for a type of the catalogue. */
import type { InstanceRequirementsRequest } from "@aws-sdk/client-ec2";
import { invalidParameterCombination, invalidParameterValue, missingParameter } from "../../base/api-error.ts";
import type { Accelerators, InstanceType } from "../../compute/instance-types/instance-type.ts";
import { compilePattern } from "../describe/pattern.ts";

export type Requirement = (type: InstanceType) => boolean;

interface Range {
  readonly Min?: number | undefined;
  readonly Max?: number | undefined;
}

const maxPatterns = 400;
/** Only stars are wildcards here. */
const typePattern = /^[a-z0-9.*-]{1,30}$/i;

/** All of them hold for a type that fits. Fails with EC2's errors for what contradicts itself or lacks a required minimum. */
export function compileRequirements(request: InstanceRequirementsRequest): Requirement {
  const requirements = [...sizeRequirements(request), ...deviceRequirements(request), ...choices(request)];
  return (type) => requirements.every((holds) => holds(type));
}

function sizeRequirements(request: InstanceRequirementsRequest): Requirement[] {
  requireMinimum("VCpuCount", request.VCpuCount);
  requireMinimum("MemoryMiB", request.MemoryMiB);
  return [
    within("VCpuCount", request.VCpuCount, (type) => type.vcpus),
    within("MemoryMiB", request.MemoryMiB, (type) => type.memoryMib),
    within("MemoryGiBPerVCpu", request.MemoryGiBPerVCpu, (type) => type.memoryMib / 1024 / type.vcpus),
    within("NetworkInterfaceCount", request.NetworkInterfaceCount, (type) => type.network.maxInterfaces),
    within("NetworkBandwidthGbps", request.NetworkBandwidthGbps, (type) => type.network.baselineGbps),
    within("BaselineEbsBandwidthMbps", request.BaselineEbsBandwidthMbps, (type) => type.ebs.bandwidth?.baselineMbps ?? 0),
    within("TotalLocalStorageGB", request.TotalLocalStorageGB, ({ instanceStore: store }) => (store === undefined ? 0 : store.diskCount * store.diskSizeGb)),
  ];
}

function deviceRequirements(request: InstanceRequirementsRequest): Requirement[] {
  return [
    within("AcceleratorCount", request.AcceleratorCount, (type) => type.accelerators?.count ?? 0),
    within("AcceleratorTotalMemoryMiB", request.AcceleratorTotalMemoryMiB, ({ accelerators }) => (accelerators === undefined ? 0 : accelerators.count * accelerators.memoryMib)),
    oneOf(request.AcceleratorTypes, ({ accelerators }) => accelerators && acceleratorType(accelerators)),
    oneOf(request.AcceleratorManufacturers, ({ accelerators }) => accelerators && manufacturerWord(accelerators.manufacturer)),
    oneOf(request.AcceleratorNames, ({ accelerators }) => accelerators && acceleratorWord(accelerators.name)),
    oneOf(request.LocalStorageTypes, ({ instanceStore }) => instanceStore?.diskType, request.LocalStorage !== "required"),
    oneOf(request.CpuManufacturers, (type) => manufacturerWord(type.manufacturer)),
    oneOf(request.InstanceGenerations, (type) => (type.currentGeneration ? "current" : "previous")),
    kind("BareMetal", request.BareMetal ?? "excluded", (type) => type.bareMetal),
    kind("BurstablePerformance", request.BurstablePerformance ?? "excluded", (type) => type.burstable !== undefined),
    kind("LocalStorage", request.LocalStorage ?? "included", (type) => type.instanceStore !== undefined),
    (type) => request.RequireHibernateSupport !== true || type.hibernation,
    (type) => request.RequireEncryptionInTransit !== true || type.network.encryptionInTransit,
  ];
}

function choices({ AllowedInstanceTypes: allowed = [], ExcludedInstanceTypes: excluded = [] }: InstanceRequirementsRequest): Requirement[] {
  if (allowed.length > 0 && excluded.length > 0) throw invalidParameterCombination("AllowedInstanceTypes and ExcludedInstanceTypes cannot be specified together.");
  if (Math.max(allowed.length, excluded.length) > maxPatterns) throw invalidParameterValue(`At most ${maxPatterns} instance types can be allowed or excluded.`);
  const wrong = [...allowed, ...excluded].find((pattern) => !typePattern.test(pattern));
  if (wrong !== undefined) throw invalidParameterValue(`'${wrong}' is not a valid instance type or pattern of instance types.`);
  const [yes, no] = [allowed, excluded].map((patterns) => patterns.map(compilePattern));
  return [(type) => yes === undefined || yes.length === 0 || yes.some((pattern) => pattern.matches(type.name)), (type) => no?.some((pattern) => pattern.matches(type.name)) !== true];
}

function requireMinimum(name: string, range: Range | undefined): void {
  if (range?.Min === undefined) throw missingParameter(`InstanceRequirements.${name}.Min`);
}

function within(name: string, range: Range | undefined, valueOf: (type: InstanceType) => number): Requirement {
  const { Min: min = -Infinity, Max: max = Infinity } = range ?? {};
  if (min > max) throw invalidParameterValue(`The minimum of ${name} (${min}) must not be greater than its maximum (${max}).`);
  if (min < 0 && min !== -Infinity) throw invalidParameterValue(`The minimum of ${name} (${min}) must not be negative.`);
  return (type) => valueOf(type) >= min && valueOf(type) <= max;
}

/** No list lets everything pass; `absentFits` says whether a type without such a value does. */
function oneOf(list: readonly string[] | undefined, wordOf: (type: InstanceType) => string | undefined, absentFits = false): Requirement {
  if (list === undefined || list.length === 0) return () => true;
  return (type) => {
    const word = wordOf(type);
    return word === undefined ? absentFits : list.includes(word);
  };
}

function kind(name: string, wanted: string, is: (type: InstanceType) => boolean): Requirement {
  switch (wanted) {
    case "included":
      return () => true;
    case "required":
      return is;
    case "excluded":
      return (type) => !is(type);
    default:
      throw invalidParameterValue(`Value (${wanted}) for parameter ${name} is invalid. Expecting included, excluded or required.`);
  }
}

function acceleratorType({ kind: device }: Accelerators): string {
  return device === "neuron" ? "inference" : device === "partial gpu" ? "gpu" : device;
}

function manufacturerWord(manufacturer: string): string {
  return manufacturer === "AWS" ? "amazon-web-services" : manufacturer.toLowerCase();
}

/** `Radeon Pro V520` is `radeon-pro-v520`; of `Virtex UltraScale (VU9P)` the request names the model only. */
function acceleratorWord(name: string): string {
  return (/\((?<model>[^)]+)\)$/.exec(name)?.groups?.["model"] ?? name).toLowerCase().replaceAll(" ", "-");
}
