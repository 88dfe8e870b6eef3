/** Options that many commands share, and the parsing of their values. */
import { InvalidArgumentError, Option } from "commander";

export function dataOption(): Option {
  return new Option("--data <directory>", "the installation's data directory");
}

/** A TCP port; 0 lets the system choose. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError("A port is a number from 0 to 65535.");
  return port;
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
