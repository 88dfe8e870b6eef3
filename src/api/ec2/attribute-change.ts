/** From a request for another attribute value to the change of rows that it means; refuses what the attribute, the type or the state does not allow. */
import { invalidInstanceAttributeValue, invalidParameterCombination, notFound, unsupportedRequest } from "../../base/api-error.ts";
import { requireInterfacesFit } from "../../compute/attach-interface.ts";
import { requireVolumesFit } from "../../compute/attach-volume.ts";
import { findVisibleKernel } from "../../compute/image.ts";
import { requireStopped, type AttributeChange, type DeviceChange } from "../../compute/instance-attribute.ts";
import { planTypeChange } from "../../compute/instance-type-change.ts";
import { findInstanceType } from "../../compute/instance-types/catalogue.ts";
import { requireWellFormed } from "../../compute/resources.ts";
import { requireUserData } from "../../compute/user-data.ts";
import type { InstanceRow } from "../../store/compute-tables.ts";
import type { Tx } from "../../store/store.ts";
import { parseFlag, type AttributeRequest, type ModifyInput } from "./attribute-request.ts";

export async function toAttributeChange(tx: Tx, instance: InstanceRow, request: AttributeRequest, input: ModifyInput): Promise<AttributeChange> {
  const { name, value = "" } = request;
  switch (name) {
    case "disableApiStop":
      return columns({ disable_api_stop: parseFlag(request) ? 1 : 0 });
    case "disableApiTermination":
      return columns({ disable_api_termination: parseFlag(request) ? 1 : 0 });
    case "instanceInitiatedShutdownBehavior":
      return columns({ shutdown_behavior: parseShutdownBehavior(value) });
    case "sourceDestCheck":
      return { kind: "sourceDestCheck", check: parseFlag(request) };
    case "groupSet":
      return { kind: "groups", groupIds: value === "" ? (input.Groups ?? []) : [value] };
    case "blockDeviceMapping":
      return { kind: "deleteOnTermination", devices: parseMappings(input) };
    case "instanceType":
    case "kernel":
    case "ramdisk":
    case "userData":
    case "ebsOptimized":
    case "sriovNetSupport":
    case "enaSupport":
    case "enclaveOptions":
      requireStopped(instance);
      return columns(await planMachineChange(tx, instance, { ...request, name }));
  }
}

function columns(changed: Partial<InstanceRow>): AttributeChange {
  return { kind: "columns", columns: changed };
}

type MachineAttribute = Exclude<
  AttributeRequest["name"],
  "disableApiStop" | "disableApiTermination" | "instanceInitiatedShutdownBehavior" | "sourceDestCheck" | "groupSet" | "blockDeviceMapping"
>;

/** The attributes that are part of the machine. */
async function planMachineChange(tx: Tx, instance: InstanceRow, request: AttributeRequest & { readonly name: MachineAttribute }): Promise<Partial<InstanceRow>> {
  const { name, value = "" } = request;
  switch (name) {
    case "instanceType":
      return planTypeThatFits(tx, instance, value);
    case "kernel":
      return planKernelChange(tx, instance, value);
    case "ramdisk":
      requireWellFormed("ramdisk", [value]);
      throw notFound("ramdisk", value);
    case "userData":
      return { user_data: requireUserData(value) ?? null };
    case "ebsOptimized":
      return { ebs_optimized: parseEbsOptimized(instance, request) ? 1 : 0 };
    case "sriovNetSupport":
      if (value !== "simple" || instance.virtualization_type !== "hvm") throw invalidInstanceAttributeValue(`Value (${value}) for attribute sriovNetSupport is invalid.`);
      return {};
    case "enaSupport":
      return { ena_support: parseEnaSupport(instance, request) ? 1 : 0 };
    case "enclaveOptions":
      if (parseFlag(request)) throw unsupportedRequest("Nitro Enclaves are not supported by this installation.");
      return {};
  }
}

async function planTypeThatFits(tx: Tx, instance: InstanceRow, type: string): Promise<Partial<InstanceRow>> {
  const change = planTypeChange(instance, type);
  await requireInterfacesFit(tx, instance, type);
  await requireVolumesFit(tx, instance, type);
  return change;
}

async function planKernelChange(tx: Tx, instance: InstanceRow, id: string): Promise<Partial<InstanceRow>> {
  if (instance.virtualization_type !== "paravirtual") throw invalidParameterCombination("A kernel can be specified for paravirtual instances only.");
  requireWellFormed("kernel", [id]);
  const kernel = await findVisibleKernel(tx, instance, id);
  if (kernel === undefined) throw notFound("kernel", id);
  return { kernel_id: kernel.id, kernel_file: kernel.file, ramdisk_file: kernel.ramdisk_file };
}

function parseEbsOptimized(instance: InstanceRow, request: AttributeRequest): boolean {
  const wanted = parseFlag(request);
  if (wanted && findInstanceType(instance.instance_type)?.ebs.optimized === "unsupported") {
    throw unsupportedRequest("EBS-optimized instances are not supported for your requested configuration. Please check the documentation for supported configurations.");
  }
  return wanted;
}

function parseEnaSupport(instance: InstanceRow, request: AttributeRequest): boolean {
  const wanted = parseFlag(request);
  if (!wanted && findInstanceType(instance.instance_type)?.network.ena === "required") {
    throw invalidInstanceAttributeValue(`The instance type '${instance.instance_type}' requires enaSupport.`);
  }
  if (wanted && instance.virtualization_type !== "hvm") throw invalidInstanceAttributeValue("Enhanced networking needs an hvm instance.");
  return wanted;
}

function parseShutdownBehavior(value: string): "stop" | "terminate" {
  if (value === "stop" || value === "terminate") return value;
  throw invalidInstanceAttributeValue(`Value (${value}) for attribute instanceInitiatedShutdownBehavior is invalid. Expecting stop or terminate.`);
}

/** A mapping that does not say otherwise dies with its instance (facts §1.4). */
function parseMappings({ BlockDeviceMappings: mappings = [] }: ModifyInput): Map<string, DeviceChange> {
  if (mappings.length === 0) throw invalidInstanceAttributeValue("The attribute blockDeviceMapping takes BlockDeviceMappings.");
  return new Map(
    mappings.map(({ DeviceName: device = "", Ebs: ebs, VirtualName: virtual, NoDevice: none }) => {
      if (virtual !== undefined || none !== undefined) throw invalidInstanceAttributeValue("Only DeleteOnTermination of a block device mapping can be modified.");
      return [device, { dies: ebs?.DeleteOnTermination ?? true, volumeId: ebs?.VolumeId }];
    }),
  );
}
