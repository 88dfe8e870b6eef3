/** Devices of this machine that a command gives to guests by name: what is not there is refused, before anything is changed. */
import { existsSync } from "node:fs";
import { listAccelerators } from "../host/accelerator/accelerators.ts";
import { isStorageCard } from "../host/virtual-function/card-names.ts";
import { CommandError, exitCodes } from "./command-error.ts";

/** Network devices, and NVMe controllers. */
export function requireCards(names: readonly string[]): void {
  for (const name of names) {
    const kind = isStorageCard(name) ? { folder: "nvme", words: "NVMe controller", remedy: "ls /sys/class/nvme shows them" } : { folder: "net", words: "network device", remedy: "ip link shows them" };
    if (!existsSync(`/sys/class/${kind.folder}/${name}`)) throw new CommandError(`This machine has no ${kind.words} ${name}.`, { exitCode: exitCodes.usage, remedy: kind.remedy });
  }
}

/** `there`: the PCI addresses of the machine's accelerators. The device that the machine's screen is on is none of them. */
export function requireAccelerators(named: readonly string[], there = listAccelerators().map(({ address }) => address)): void {
  const missing = named.find((address) => !there.includes(address));
  if (missing === undefined) return;
  const remedy = there.length === 0 ? "It has none that guests could have: ./hostelry doctor" : `It has ${there.join(", ")}; ./hostelry doctor says what they are`;
  throw new CommandError(`This machine has no accelerator ${missing} that guests could have.`, { exitCode: exitCodes.usage, remedy });
}

/** What `--accelerators` and `--cards` are given: names, or `none`. */
export function devicesNamed(words: readonly string[]): readonly string[] {
  return words.length === 1 && words[0] === "none" ? [] : words;
}
