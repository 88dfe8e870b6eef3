/**
 * How the firewall knows an answer that carries a metadata token. Its first packet must leave for the guest with the hop limit
 * as its time to live (facts §8.1), and Node.js cannot set that for a socket, so the firewall of the VPC's namespace does.
 *
 * Every answer closes its connection, so an answer always begins a connection's stream. The token's answer names this header
 * first and no other answer does; the firewall compares the sixteen bytes behind the status line and from then on limits the
 * connection's every packet towards the guest.
 */
export const tokenTtlHeader = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds";
export const okStatusLine = "HTTP/1.1 200 OK\r\n";

const comparedBytes = 16;

/** The nftables expression for "this packet begins a token's answer". */
export function tokenReplyMatch(): string {
  const bytes = Buffer.from(tokenTtlHeader.slice(0, comparedBytes), "latin1").toString("hex");
  return `@ih,${okStatusLine.length * 8},${comparedBytes * 8} 0x${bytes}`;
}
