/**
 * Which host takes a machine: a pure function over what every host has and what is promised already. Spreads over the zone's hosts: the one with the
 * largest free share of memory comes first, as EC2 spreads over hardware on its own (facts §2.4).
 */
import type { Virtualization } from "../host/protocol/specification.ts";

export interface HostOffer {
  readonly id: string;
  readonly zone: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly reservedVcpus: number;
  readonly reservedMemoryMib: number;
  /** The kinds of virtualization that its probe found working. */
  readonly virtualizations: readonly Virtualization[];
  /** Heard lately, and not declared dead nor draining: else a host gets no new work. */
  readonly alive: boolean;
}

export interface Need {
  readonly vcpus: number;
  readonly memoryMib: number;
  /** Any of these will do; the first that a host has is taken. */
  readonly virtualizations: readonly Virtualization[];
}

export interface Placement {
  readonly host: HostOffer;
  readonly virtualization: Virtualization;
}

/** The best host for one machine, or undefined when none has room. */
export function placeMachine(offers: readonly HostOffer[], need: Need): Placement | undefined {
  const placements = offers.flatMap((host) => {
    const virtualization = need.virtualizations.find((kind) => host.virtualizations.includes(kind));
    return virtualization !== undefined && hasRoom(host, need) ? [{ host, virtualization }] : [];
  });
  return placements.toSorted((a, b) => freeShare(b.host) - freeShare(a.host) || (a.host.id < b.host.id ? -1 : 1))[0];
}

/** The offer after the machine was promised room. */
export function withReservation(offers: readonly HostOffer[], placement: Placement, need: Need): HostOffer[] {
  return offers.map((offer) =>
    offer.id === placement.host.id
      ? { ...offer, reservedVcpus: offer.reservedVcpus + need.vcpus, reservedMemoryMib: offer.reservedMemoryMib + need.memoryMib }
      : offer,
  );
}

function hasRoom(host: HostOffer, need: Need): boolean {
  return host.alive && host.vcpus - host.reservedVcpus >= need.vcpus && host.memoryMib - host.reservedMemoryMib >= need.memoryMib;
}

function freeShare(host: HostOffer): number {
  return (host.memoryMib - host.reservedMemoryMib) / host.memoryMib;
}
