/** The kernel's devices. Engines run as unprivileged users, so the mode counts as much as the presence. */
import { closeSync, constants, openSync, statSync } from "node:fs";
import { type Check, no, unknown, yes } from "./check.ts";

interface Device {
  readonly path: string;
  readonly forWhat: string;
  readonly remedy: string;
  readonly required: boolean;
}

const devices: readonly Device[] = [
  { path: "/dev/net/tun", forWhat: "network interfaces of guests", remedy: "./hostelry setup makes it usable; in a container start it with --device /dev/net/tun", required: true },
  { path: "/dev/fuse", forWhat: "volumes of paravirtual guests of earlier versions' images", remedy: "./hostelry setup makes it usable; in a container start it with --device /dev/fuse", required: false },
];

export function deviceChecks(): readonly Check[] {
  return devices.map(deviceCheck);
}

function deviceCheck({ path, forWhat, remedy, required }: Device): Check {
  let mode: number;
  try {
    mode = statSync(path).mode & 0o777;
  } catch {
    return no(path, `missing: ${forWhat}`, remedy, required);
  }
  if ((mode & 0o006) !== 0o006) return no(path, `mode ${mode.toString(8).padStart(4, "0")}, must be 0666: ${forWhat}`, remedy, required);
  try {
    closeSync(openSync(path, constants.O_RDWR));
    return yes(path, forWhat, required);
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
    if (code === "EACCES" || code === "EPERM") return unknown(path, `may not be opened by this user: ${forWhat}`, "Run: sudo ./hostelry doctor", required);
    return no(path, `cannot be opened (${code}): ${forWhat}`, `Load the kernel's module: modprobe ${path.endsWith("tun") ? "tun" : "fuse"}`, required);
  }
}
