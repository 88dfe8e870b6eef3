/**
 * Texts for `tc` and `nft` that hold an instance's interfaces to a rate. Pure.
 *
 * Each device has a queue, which delays what comes too fast. The queues of several devices know nothing of each other, so an instance with several
 * interfaces also has a limit in front of them that counts what all of them get, or send, and drops what is beyond.
 */
import type { InstanceId, InterfaceId } from "../../../base/ids.ts";
import { interfaceDevices, sharedLimitTable } from "../names.ts";

/** A queue lets this much through at once: several of the largest packets, and what a rate has in this time. */
const [leastBurstBytes, burstMs] = [262_144, 20];
/** How long a packet waits at most before it is dropped. */
const longestWaitMs = 50;

/** Bits a second of what an instance's interfaces send, and of what they get. */
export interface Allowed {
  readonly leaving: number;
  readonly arriving: number;
}

function burstBytes(bitsPerSecond: number): number {
  return Math.max(leastBurstBytes, Math.round((bitsPerSecond / 8) * (burstMs / 1_000)));
}

export function queueLine(device: string, bitsPerSecond: number): string {
  return `qdisc replace dev ${device} root tbf rate ${Math.round(bitsPerSecond)}bit burst ${burstBytes(bitsPerSecond)}b latency ${longestWaitMs}ms`;
}

/** The table in place of any that there is, or none if fewer than two interfaces share. A single busy interface's queue comes to its limit before this does. */
export function sharedLimitRules(instance: InstanceId, interfaces: readonly InterfaceId[], { leaving, arriving }: Allowed): string {
  const table = sharedLimitTable(instance);
  const away = `table netdev ${table}\ndelete table netdev ${table}\n`;
  if (interfaces.length < 2) return away;
  const devices = interfaces.map(interfaceDevices);
  const limit = (name: string, bitsPerSecond: number) => `limit ${name} {\n\t\trate over ${Math.round(bitsPerSecond / 8)} bytes/second burst ${2 * burstBytes(bitsPerSecond)} bytes\n\t}`;
  const chain = (name: string, hooked: readonly string[]) =>
    `chain ${name} {\n\t\ttype filter hook ingress devices = { ${hooked.map((device) => `"${device}"`).join(", ")} } priority filter - 20; policy accept;\n\t\tlimit name "${name}" drop\n\t}`;
  return `${away}table netdev ${table} {
	${limit("leaving", leaving)}

	${limit("arriving", arriving)}

	${chain("leaving", devices.map(({ tap }) => tap))}

	${chain("arriving", devices.map(({ outer }) => outer))}
}
`;
}
