/** Whether the address, of IPv4 or IPv6, is one by which a machine reaches itself alone. */
export function isLoopback(address: string | undefined): boolean {
  return /^(::ffff:)?127\.|^::1$/.test(address ?? "");
}
