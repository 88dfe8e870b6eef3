/** The local disks of an instance, as `instances.instance_store` keeps them (facts §5). With its root among them an instance cannot be stopped: it would be gone. */
import { unsupportedRequest } from "../base/api-error.ts";
import type { ImageRow, InstanceRow } from "../store/compute-tables.ts";

export type RootDeviceType = "ebs" | "instance-store";

export interface InstanceStore {
  /** Sizes, `ephemeral0` first. */
  readonly gib: readonly number[];
  /** Device names of those that were mapped by name. */
  readonly devices: Readonly<Record<string, string>>;
  /** The root disk, when it is no volume. */
  readonly root?: LocalRoot;
}

export interface LocalRoot {
  /** The file of the image folder that it begins as. */
  readonly file: string;
  readonly gib: number;
}

export function instanceStoreOf({ instance_store: text }: Pick<InstanceRow, "instance_store">): InstanceStore {
  return JSON.parse(text) as InstanceStore; // written by launch and by type changes
}

export function rootTypeOf(instance: Pick<InstanceRow, "instance_store">): RootDeviceType {
  return instanceStoreOf(instance).root === undefined ? "ebs" : "instance-store";
}

/** An image that is of no snapshot is copied to the local disks of a host. */
export function imageRootType(image: Pick<ImageRow, "snapshot_id">): RootDeviceType {
  return image.snapshot_id === "" ? "instance-store" : "ebs";
}

/** `what`: what cannot be done to the instance otherwise, as EC2 says it: `stopped`. */
export function requireEbsRoot(instance: Pick<InstanceRow, "id" | "instance_store">, what: string): void {
  if (rootTypeOf(instance) === "ebs") return;
  throw unsupportedRequest(`The instance '${instance.id}' does not have an 'ebs' root device type and cannot be ${what}.`);
}
