/**
 * The SDK's own types of each service's actions, at compile time only: what `decodeInput` returns and what
 * `encodeOutput` takes. A required member of an input is never `undefined` here, because decoding refused its absence.
 */
import type { CloudTrail } from "@aws-sdk/client-cloudtrail";
import type { EBS } from "@aws-sdk/client-ebs";
import type { EC2 } from "@aws-sdk/client-ec2";
import type { EC2InstanceConnect } from "@aws-sdk/client-ec2-instance-connect";
import type { IAM } from "@aws-sdk/client-iam";
import type { SSM } from "@aws-sdk/client-ssm";
import type { STS } from "@aws-sdk/client-sts";
import type { Readable } from "node:stream";
import type { ServiceId } from "./service-facts.ts";

interface Clients {
  readonly ec2: EC2;
  readonly sts: STS;
  readonly iam: IAM;
  readonly ssm: SSM;
  readonly "ec2-instance-connect": EC2InstanceConnect;
  readonly ebs: EBS;
  readonly cloudtrail: CloudTrail;
}

/** A client's method of one action, told from its other methods by the callback overloads. */
type Signature<Method> = Method extends {
  (args: infer Input, options?: infer _Options): Promise<infer Output>;
  (args: infer _Args1, callback: infer _Callback1): void;
  (args: infer _Args2, options: infer _Options2, callback: infer _Callback2): void;
}
  ? { input: Input; output: Omit<Output & object, "$metadata"> }
  : never;

type MethodNames<Client> = {
  [Key in keyof Client & string]: Signature<Client[Key]> extends never ? never : Key;
}[keyof Client & string];

type MethodOf<Service extends ServiceId, Action extends string> = Signature<
  Clients[Service][Uncapitalize<Action> & keyof Clients[Service]]
>;

/** Streams of the SDK (what a Node stream could be given for, or what can be read to its end) are whole byte arrays here. */
type Buffered<T> = { [Key in keyof T]: IsStream<NonNullable<T[Key]>> extends true ? Uint8Array : T[Key] };
type IsStream<T> = Readable extends T ? true : [T] extends [{ transformToByteArray(): unknown }] ? true : false;

type RequiredKey<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? never : Key }[keyof T];
type Filled<T> = Omit<T, RequiredKey<T>> & { [Key in RequiredKey<T>]: NonNullable<T[Key]> };

/** The names of a service's actions, as in `Action=`: `RunInstances`. */
export type ActionName<Service extends ServiceId> = Capitalize<MethodNames<Clients[Service]>>;

export type ActionInput<Service extends ServiceId, Action extends ActionName<Service>> = Filled<
  Service extends "ebs" ? Buffered<MethodOf<Service, Action>["input"]> : MethodOf<Service, Action>["input"]
>;

export type ActionOutput<Service extends ServiceId, Action extends ActionName<Service>> = Service extends "ebs"
  ? Buffered<MethodOf<Service, Action>["output"]>
  : MethodOf<Service, Action>["output"];
