/** IP protocols as EC2 names them: by number, and some also by name (facts §7.6). */

const names: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58 };

/** The protocol's number, -1 for `-1` or `all`, or undefined for a text that is none. */
export function parseProtocol(text: string): number | undefined {
  const name = text.toLowerCase();
  if (name === "all") return -1;
  if (/^(?:-1|\d{1,3})$/.test(name)) return Number(name) <= 255 ? Number(name) : undefined;
  return Object.hasOwn(names, name) ? names[name] : undefined;
}

/** As rules of security groups show it: the name where there is one, else the number. */
export function protocolName(protocol: number): string {
  return Object.keys(names).find((name) => names[name] === protocol) ?? String(protocol);
}

export function hasPorts(protocol: number): boolean {
  return protocol === 6 || protocol === 17;
}

export function isIcmp(protocol: number): boolean {
  return protocol === 1 || protocol === 58;
}
