/** What the parts of `bench network` share. */
import { DescribeInstancesCommand, type Instance } from "@aws-sdk/client-ec2";
import type { Installation } from "../installation.ts";
import { imageOf, type BenchGuests } from "./guests.ts";

/** Guests in it reach each other. */
export interface BenchGroup {
  readonly id: string;
  readonly vpc: string;
}

export interface Course {
  readonly guests: BenchGuests;
  readonly group: BenchGroup;
  readonly installation: Installation;
  readonly runs: number;
  readonly working: (text: string) => void;
}

export const kinds = [
  { virtualization: "paravirtual", instanceType: "m1.small" },
  { virtualization: "hvm", instanceType: "t3.micro" },
] as const;
export type Kind = (typeof kinds)[number];

/** A tiny guest in the region's zone with this letter. */
export function launchTiny({ guests, group }: Course, { virtualization, instanceType }: Kind, zone: "a" | "b", groups: readonly string[] = [group.id]): Promise<string> {
  return guests.launch({
    ImageId: imageOf("tiny", virtualization),
    InstanceType: instanceType,
    SecurityGroupIds: [...groups],
    Placement: { AvailabilityZone: `${guests.profile.region}${zone}` },
  });
}

export async function describe({ client }: BenchGuests, id: string): Promise<Instance> {
  const { Reservations: [reservation] = [] } = await client.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return reservation?.Instances?.[0] ?? {};
}
