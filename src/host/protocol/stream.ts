/**
 * Byte streams between the control plane and what is on a host: a guest's port, a guest's serial port, an answer that takes long.
 *
 * The control plane orders a stream in the answer to the host's long poll. The agent opens the target and then dials back, or says why it
 * cannot; the two connections are joined byte for byte, with the ends of both directions kept apart. A stream lives as long as both
 * processes: nothing of it is ever written down, and whoever wanted it asks anew.
 */
import type { InstanceId, InterfaceId } from "../../base/ids.ts";

export interface StreamOrder {
  /** Not to be guessed: whoever names it to the control plane becomes the other end. */
  readonly id: string;
  readonly target: StreamTarget;
}

export type StreamTarget = TcpTarget | TunnelTarget | SerialTarget | InspectionTarget | WorkloadTarget;

/** A port of a guest here by its public address, from the service's own address, as any other outside address would come (decision 0020). */
export interface TcpTarget {
  readonly kind: "tcp";
  readonly address: string;
  readonly port: number;
}

/** A port of a guest here by its private address, from an Instance Connect Endpoint's interface in its VPC (decision 0024). */
export interface TunnelTarget {
  readonly kind: "tunnel";
  readonly endpointInterface: InterfaceId;
  readonly address: string;
  readonly port: number;
  /** IPv4, of none of the VPC's blocks: whence the guest sees the connection come (decision 0034). Absent: from the interface's own address. */
  readonly clientAddress?: string;
}

export interface SerialTarget {
  readonly kind: "serial";
  readonly machine: InstanceId;
}

/** An `Inspection` (`inspection.ts`) of a machine, over so long. */
export interface InspectionTarget {
  readonly kind: "inspection";
  readonly machine: InstanceId;
  readonly sampleMs: number;
}

/** What the workload of the benchmarks (`host/workload`) says on the host itself; each of its parts takes so long at least. */
export interface WorkloadTarget {
  readonly kind: "workload";
  readonly seconds: number;
}

/** What such a stream carries, as JSON, once the host has it. A refusal is a sentence's end: why it has not. */
export type StreamAnswer<Answer> = { readonly answer: Answer } | { readonly refusal: string };

/**
 * `refused`: the guest said that nothing listens. `timed-out`: no answer; rules drop such packets. `unreachable`: there is no way to the address.
 * `no-such-machine`: not on this host, or without an engine. `busy`: somebody else has it. `unsupported`: this host cannot. `too-many`: the host has
 * as many streams as it takes. `host-silent`: the host has not asked for its orders. `failed`: for another reason.
 */
export const streamErrorCodes = ["refused", "timed-out", "unreachable", "no-such-machine", "busy", "unsupported", "too-many", "host-silent", "failed"] as const;
export type StreamErrorCode = (typeof streamErrorCodes)[number];

/** Why there is no stream. */
export class StreamError extends Error {
  override readonly name = "StreamError";
  readonly code: StreamErrorCode;
  constructor(code: StreamErrorCode, options?: ErrorOptions) {
    super(`the stream was not opened: ${code}`, options);
    this.code = code;
  }
}

/** Of guests, to which tunnels lead (facts §9.4). */
export const tunnelPorts = [22, 3389];
/** How long a host tries to open a target. */
export const openTargetMs = 8_000;
/** How long the control plane waits for a host to dial, all in all. */
export const openStreamMs = 10_000;
/** The most streams of a host. */
export const largestStreams = 512;
/** The protocol's name in the `Upgrade` header. */
export const streamProtocol = "hostelry-stream";

/** Where the service's connections to guests come from, at every host; the prefix list `com.amazonaws.REGION.ec2-instance-connect` names the block. */
export const connectBlock = "198.19.255.248/29";
export const connectAddress = "198.19.255.249";
