/** Options that many commands share, and the parsing of their values. */
import { InvalidArgumentError, Option } from "commander";
import { parseIpv4 } from "../base/ipv4.ts";

export function dataOption(): Option {
  return new Option("--data <directory>", "the installation's data directory");
}

/** `use`: what becomes of those that are named. */
export function acceleratorsOption(use: string): Option {
  return new Option("--accelerators <addresses...>", `PCI addresses (0000:01:00.0, as \`doctor\` shows them) of GPUs and other accelerators of this machine that ${use}, or \`none\`; guests have none that is not named`);
}

/** A TCP port; 0 lets the system choose. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port is a number from 0 to 65535.");
  return port;
}

/** An IPv4 address that one machine can have. */
export function parseAddress(text: string): string {
  const address = parseIpv4(text);
  if (address === undefined || address < 2 ** 24 || address >= 0xe0000000) throw new InvalidArgumentError("Expected an IPv4 address of this machine.");
  return text;
}

export function parseCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

/** A number above 0 that need not be whole. */
export function parsePositive(text: string): number {
  if (!/^\d{1,7}(?:\.\d{1,3})?$/.test(text) || Number(text) === 0) throw new InvalidArgumentError("Expected a number above 0.");
  return Number(text);
}
