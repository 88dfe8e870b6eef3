/** What a launch may ask for and no guest here gets: it is refused, so that nobody believes to have it. */
import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { invalidValueOf, unsupportedRequest } from "../base/api-error.ts";
import { findChoice } from "./choice.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";

export function requireLaunchOptions(input: RunInstancesCommandInput, type: InstanceType): void {
  findChoice("instanceInitiatedShutdownBehavior", ["stop", "terminate"], input.InstanceInitiatedShutdownBehavior);
  const market = findChoice("marketType", ["spot", "capacity-block", "interruptible-capacity-reservation"], input.InstanceMarketOptions?.MarketType);
  if (market !== null) throw unsupportedRequest(`There is no market '${market}' in this installation. Launch without InstanceMarketOptions.`);
  if (input.HibernationOptions?.Configured === true) throw unsupportedRequest("Hibernation is not supported. Launch without HibernationOptions.");
  if (input.EnclaveOptions?.Enabled === true) throw unsupportedRequest("There are no enclaves in this installation.");
  if ((input.LicenseSpecifications ?? []).length > 0) throw unsupportedRequest("There are no license configurations in this installation.");
  if (input.PrivateDnsNameOptions?.HostnameType === "resource-name") throw unsupportedRequest("Host names are made of addresses (ip-name) in this installation.");
  requireCpuOptions(input.CpuOptions, type);
}

/** A guest has all cores and threads of its type. */
function requireCpuOptions({ CoreCount: cores, ThreadsPerCore: threads, AmdSevSnp: encrypted }: NonNullable<RunInstancesCommandInput["CpuOptions"]> = {}, type: InstanceType): void {
  if (encrypted === "enabled") throw unsupportedRequest("There is no AMD SEV-SNP in this installation.");
  if (cores !== undefined && cores !== type.cores && !(type.validCores ?? []).includes(cores)) throw invalidValueOf("coreCount", cores, `It is no number of cores of ${type.name}.`);
  if (threads !== undefined && threads !== type.threadsPerCore && threads !== 1) throw invalidValueOf("threadsPerCore", threads, `It is no number of threads of ${type.name}.`);
  if ((cores ?? type.cores) === type.cores && (threads ?? type.threadsPerCore) === type.threadsPerCore) return;
  throw unsupportedRequest(`Guests have all of their type's cores and threads: of ${type.name} ${type.cores} and ${type.threadsPerCore}. Launch without CpuOptions, or choose another type.`);
}
