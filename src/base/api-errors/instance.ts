/** Errors of instances, their types, key pairs and capacity. */
import { ApiError } from "./class.ts";
import { invalidParameterValue } from "./parameter.ts";

export type StateVerb = "started" | "stopped" | "rebooted" | "terminated" | "hibernated" | "monitored" | "modified";

export function incorrectInstanceState(id: string, verb: StateVerb): ApiError {
  const which = verb === "stopped" ? "This instance" : "The instance"; // EC2 words only this one differently
  return new ApiError("IncorrectInstanceState", `${which} '${id}' is not in a state from which it can be ${verb}.`);
}

/** An attribute that can change in one state only, a volume that needs a running instance. */
export function instanceNotInState(id: string, state: string): ApiError {
  return new ApiError("IncorrectInstanceState", `The instance '${id}' is not in the '${state}' state.`);
}

/** A protected instance; the attribute is the one to change first. */
export function instanceProtected(id: string, attribute: "disableApiTermination" | "disableApiStop", verb: "stopped" | "terminated"): ApiError {
  return new ApiError("OperationNotPermitted", `The instance '${id}' may not be ${verb}. Modify its '${attribute}' instance attribute and try again.`);
}

/** `otherZones` are those that do have room; none when the whole region is full. `lack`: what no host there has so much of, however empty: `192 GiB of memory or 4 accelerators`. */
export function insufficientInstanceCapacity(type: string, zone: string | undefined, otherZones: readonly string[], lack?: string): ApiError {
  const where = zone === undefined ? "in the region you requested" : `in the Availability Zone you requested (${zone})`;
  const elsewhere = `You can currently get ${type} capacity by not specifying an Availability Zone in your request or choosing ${otherZones.join(", ")}.`;
  const reason = lack === undefined ? "" : ` No host there has ${lack}.`;
  const message = `We currently do not have sufficient ${type} capacity ${where}.${reason} Our system will be working on provisioning additional capacity.`;
  return new ApiError("InsufficientInstanceCapacity", otherZones.length === 0 ? message : `${message} ${elsewhere}`, 500);
}

/** The type exists, but no host of this zone could ever run it. */
export function instanceTypeNotInZone(type: string, zone: string, otherZones: readonly string[]): ApiError {
  const elsewhere = otherZones.length === 0 ? "" : ` Please retry your request by not specifying an Availability Zone or choosing ${otherZones.join(", ")}.`;
  return new ApiError("Unsupported", `Your requested instance type (${type}) is not supported in your requested Availability Zone (${zone}).${elsewhere}`);
}

/** Names given to a Describe call that the catalogue does not have. */
export function invalidInstanceType(types: readonly string[]): ApiError {
  return new ApiError("InvalidInstanceType", `The following supplied instance types do not exist: [${types.join(", ")}]`);
}

/** The same for a launch, which names one type. */
export function invalidInstanceTypeAtLaunch(type: string): ApiError {
  return invalidParameterValue(`Invalid value '${type}' for InstanceType.`);
}

export function virtualizationNotSupported(virtualization: "hvm" | "paravirtual"): ApiError {
  return new ApiError(
    "InvalidParameterCombination",
    `Non-Windows instances with a virtualization type of '${virtualization}' are currently not supported for this instance type.`,
  );
}

export function rootDeviceTypeNotSupported(image: string, rootDeviceType: string, type: string): ApiError {
  return new ApiError("UnsupportedOperation", `AMI '${image}' with an ${rootDeviceType} root device is not supported for the instance type '${type}'.`);
}

export function architectureNotSupported(imageArchitecture: string, type: string): ApiError {
  return invalidParameterValue(
    `The architecture '${imageArchitecture}' of the specified AMI is not supported by the instance type '${type}'. Specify an instance type and an AMI with matching architectures, and try again.`,
  );
}

/** The image fits the type, but no host runs guests of this architecture. */
export function architectureNotRun(architecture: string, type: string): ApiError {
  return new ApiError("Unsupported", `Your requested instance type (${type}) is not supported in this region: none of its hosts runs guests of the architecture '${architecture}'. A host's machine does once './hostelry setup ${architecture}' was run on it. Please retry your request then, or with an x86_64 AMI and instance type.`);
}

/** Seen of UEFI; of BIOS by its pattern. */
export function bootModeNotSupported(bootMode: "legacy-bios" | "uefi", type: string): ApiError {
  const name = bootMode === "uefi" ? "UEFI" : "Legacy BIOS";
  const only = bootMode === "uefi" ? "Only instance types built on the Nitro System support UEFI. " : "";
  return invalidParameterValue(`The ${type} instance type does not support an AMI with a boot mode of ${name}. ${only}Specify an instance type that supports ${name}, and try again.`);
}

/** Of guests of x86_64. */
export function uefiNotRun(): ApiError {
  return new ApiError("Unsupported", "Guests of the architecture 'x86_64' start by BIOS in this installation. Register an image that can do so with the boot mode uefi-preferred or legacy-bios, and launch that.");
}

export function enaRequired(type: string): ApiError {
  return new ApiError(
    "InvalidParameterCombination",
    `Enhanced networking with the Elastic Network Adapter (ENA) is required for the '${type}' instance type. Ensure that you are using an AMI that is enabled for ENA.`,
  );
}

export function vcpuLimitExceeded(limit: number): ApiError {
  return new ApiError(
    "VcpuLimitExceeded",
    `You have requested more vCPU capacity than your current vCPU limit of ${limit} allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
  );
}

export function noDefaultVpc(): ApiError {
  return new ApiError("VPCIdNotSpecified", "No default VPC for this user");
}

export function insufficientFreeAddresses(subnetId: string): ApiError {
  return new ApiError("InsufficientFreeAddressesInSubnet", `There are not enough free addresses in subnet '${subnetId}' to satisfy the requested number of instances.`);
}

/** No block is left that is free as a whole. */
export function insufficientBlocks(subnetId: string): ApiError {
  return new ApiError("InsufficientCidrBlocks", `There are not enough free CIDR blocks in the subnet '${subnetId}' to satisfy the request.`);
}

export function duplicateKeyPair(name: string): ApiError {
  return new ApiError("InvalidKeyPair.Duplicate", `The keypair '${name}' already exists.`);
}

export function invalidKeyFormat(): ApiError {
  return new ApiError("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
}

/** A value that the attribute cannot have. */
export function invalidInstanceAttributeValue(message: string): ApiError {
  return new ApiError("InvalidInstanceAttributeValue", message);
}

/** An attribute of an interface, asked of an instance that has several. */
export function multipleInterfaces(id: string): ApiError {
  return new ApiError("InvalidInstanceID", `There are multiple interfaces attached to instance '${id}'. Please specify an interface ID for the operation instead.`);
}

/** CPU credits are for burstable instances only. */
export function creditsNotSupported(id: string): ApiError {
  return new ApiError("InstanceCreditSpecification.NotSupported", `The instance '${id}' does not support CPU credits because it is not a burstable performance instance.`);
}

export function invalidCpuCredits(value: string): ApiError {
  return new ApiError("InvalidCpuCredits", `The CPU credits '${value}' are invalid. Valid values are 'standard' and 'unlimited'.`);
}

export function duplicateCreditInstance(id: string): ApiError {
  return new ApiError("InvalidInstanceCreditSpecification.DuplicateInstanceId", `The instance '${id}' is named more than once.`);
}

export function invalidInstanceFamily(family: string): ApiError {
  return new ApiError("InvalidInstanceFamily", `The instance family '${family}' is not a burstable performance instance family. Use t2, t3, t3a or t4g.`);
}

export function updateLimitExceeded(family: string): ApiError {
  return new ApiError("UpdateLimitExceeded", `The default credit specification of '${family}' can be changed once in 5 minutes and 4 times in 24 hours. Try again later.`);
}
