/** A network card with two virtual functions that is none: a folder as Linux shows one, which does as the kernel does, and what `ip` says and is told of it. */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeFunctions } from "../hand-over.ts";
import type { CardSurroundings } from "../prepare-function.ts";
import { makeFile, makeLink } from "./made-folder.ts";

export const madeCard = { device: "eth1", address: "0000:01:00.0" } as const;
export const madeFunctions = ["0000:01:10.0", "0000:01:10.2"].map((address, number) => ({ device: madeCard.device, number, address }));

const [devices, groups] = ["sys/bus/pci/devices", "sys/kernel/iommu_groups"] as const;

interface Settings {
  readonly mac: string;
  readonly vlan: number;
  readonly isChecked: boolean;
}

export class MadeCard implements CardSurroundings {
  readonly root: string;
  /** What each function was told. */
  readonly told = new Map<number, Settings>();
  /** Takes addresses and VLANs, and checks nothing. */
  isCareless = false;

  constructor(root: string) {
    this.root = root;
    mkdirSync(join(root, "sys/bus/pci/drivers/vfio-pci"), { recursive: true });
    mkdirSync(join(root, groups, "of-a-bridge"), { recursive: true });
    this.plugIn();
  }

  readonly makeFunctions: typeof makeFunctions = async (card, count, pci) => {
    await makeFunctions(card, count, pci);
    const made = Number(readFileSync(join(this.root, devices, madeCard.address, "sriov_numvfs"), "utf8"));
    for (const { number, address } of madeFunctions.slice(0, made)) {
      makeLink(this.root, `${devices}/${address}/driver`, "sys/bus/pci/drivers/vfio-pci");
      makeLink(this.root, `${devices}/${address}/iommu_group`, `${groups}/${number}`);
      makeLink(this.root, `${groups}/${number}/devices/${address}`, `${devices}/${address}`);
      makeLink(this.root, `${devices}/${madeCard.address}/virtfn${number}`, `${devices}/${address}`);
    }
  };

  readonly ipBatch: CardSurroundings["ipBatch"] = async (lines) => {
    for (const line of lines) {
      const [, number, mac = "", vlan, word] = /^link set eth1 vf (\d+) mac (\S+) vlan (\d+) spoofchk (\S+)$/.exec(line) ?? [];
      if (!existsSync(join(this.root, devices, madeCard.address, `virtfn${number}`))) throw new Error(`there is nothing for: ${line}`);
      this.told.set(Number(number), { mac, vlan: Number(vlan), isChecked: word === "on" && !this.isCareless });
    }
  };

  readonly ipJson: CardSurroundings["ipJson"] = async () => {
    const functions = [...this.told].map(([vf, { mac, vlan, isChecked }]) => ({ vf, address: mac, vlan_list: [{ vlan }], spoofchk: isChecked }));
    return [{ ifname: madeCard.device, vfinfo_list: functions }];
  };

  /** Its functions are gone, and all that they were told. */
  reset(): void {
    this.unplug();
    this.plugIn();
  }

  unplug(): void {
    this.told.clear();
    for (const { address } of [madeCard, ...madeFunctions]) rmSync(join(this.root, devices, address), { recursive: true, force: true });
    for (const { number } of madeFunctions) rmSync(join(this.root, groups, String(number)), { recursive: true, force: true });
  }

  plugIn(): void {
    makeFile(this.root, `${devices}/${madeCard.address}/class`, "0x020000");
    makeFile(this.root, `${devices}/${madeCard.address}/sriov_totalvfs`, String(madeFunctions.length));
    makeLink(this.root, `${devices}/${madeCard.address}/driver`, "sys/bus/pci/drivers/igb");
  }
}
