/** A type's figures as people read them, one line a subject: what `types decode` shows of a known type and `types compare` sets side by side. */
import type { InstanceType } from "../../compute/instance-types/instance-type.ts";
import { counted } from "../terminal.ts";

export interface Fact {
  readonly subject: string;
  readonly text: string;
  /** Where it is one number that can be compared: more is more. */
  readonly value?: number;
}

export function factsOf(type: InstanceType): readonly Fact[] {
  const { network, ebs, instanceStore: store } = type;
  return [
    { subject: "processor", text: `${type.processor}, ${type.architectures.join(" and ")}${type.clockGhz === undefined ? "" : `, ${type.clockGhz} GHz`}` },
    { subject: "vCPUs", text: `${type.vcpus}: ${counted(type.cores, "core")} of ${counted(type.threadsPerCore, "thread")}`, value: type.vcpus },
    { subject: "memory", text: `${gib(type)} GiB`, value: gib(type) },
    { subject: "memory for each vCPU", text: `${round(gib(type) / type.vcpus)} GiB`, value: round(gib(type) / type.vcpus) },
    { subject: "local disks", text: store === undefined ? "none" : `${store.diskCount} × ${store.diskSizeGb} GB ${store.diskType.toUpperCase()}`, value: store === undefined ? 0 : store.diskCount * store.diskSizeGb },
    { subject: "network", text: `${network.text}, ${network.baselineGbps} Gbit/s at all times`, value: network.baselineGbps },
    { subject: "interfaces", text: `${network.maxInterfaces} with ${network.ipv4PerInterface} IPv4 addresses each`, value: network.maxInterfaces },
    { subject: "bandwidth to volumes", text: ebsText(ebs), value: ebs.bandwidth?.baselineMbps ?? 0 },
    { subject: "volumes", text: `${ebs.maxAttachments} at most`, value: ebs.maxAttachments },
    ...acceleratorFacts(type),
    ...(type.burstable === undefined
      ? []
      : [{ subject: "CPU credits", text: `${type.burstable.creditsPerHour} an hour, ${type.burstable.maximumCredits} at most: ${round(type.burstable.baselinePercentPerVcpu)} % of each vCPU`, value: type.burstable.creditsPerHour }]),
    { subject: "hypervisor", text: type.bareMetal ? "none: bare metal" : `${type.hypervisor}, ${type.virtualizations.join(" and ")}` },
    { subject: "boot", text: `${type.bootModes.join(" or ")}, from ${type.rootDeviceTypes.join(" or ")}` },
    { subject: "enhanced networking", text: enhancedNetworking(type) },
    { subject: "placement groups", text: type.placementStrategies.join(", ") },
    { subject: "generation", text: type.currentGeneration ? "current" : "previous" },
  ];
}

function acceleratorFacts({ accelerators }: InstanceType): Fact[] {
  if (accelerators === undefined) return [];
  const { count, manufacturer, name, memoryMib, kind } = accelerators;
  return [{ subject: "accelerators", text: `${kind === "partial gpu" ? "a share of" : `${count} ×`} ${manufacturer} ${name}, ${round(memoryMib / 1024)} GiB each`, value: count }];
}

function ebsText({ bandwidth }: InstanceType["ebs"]): string {
  if (bandwidth === undefined) return "shared with the network";
  const more = bandwidth.maximumMbps > bandwidth.baselineMbps ? `, up to ${bandwidth.maximumMbps} Mbit/s and ${bandwidth.maximumIops} IOPS for a while` : "";
  return `${bandwidth.baselineMbps} Mbit/s and ${bandwidth.baselineIops} IOPS${more}`;
}

function enhancedNetworking({ network }: InstanceType): string {
  const adapter = network.ena !== "unsupported" ? `Elastic Network Adapter ${network.ena}` : network.intelVf ? "Intel 82599 virtual function" : "none";
  return network.efaInterfaces > 0 ? `${adapter}, Elastic Fabric Adapter on ${network.efaInterfaces}` : adapter;
}

function gib({ memoryMib }: InstanceType): number {
  return round(memoryMib / 1024);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
