/** The address of this machine by which others reach the API (`up --listen`). */
import { networkInterfaces } from "node:os";

/** The machine's IPv4 addresses by which others may reach it. */
export function listOwnAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.flatMap(({ family, internal, address }) => (family === "IPv4" && !internal ? address : [])));
}

export function remoteUrl(address: string, port: number): string {
  return `https://${address}:${port}`;
}
