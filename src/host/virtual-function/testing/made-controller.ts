/** An NVMe controller with two virtual functions that is none: a folder as Linux shows one, and answers as `nvme` gives them. Its namespaces are files. */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NvmeController } from "../nvme-controller.ts";
import type { NvmeSurroundings } from "../nvme-card.ts";
import { makeFile, makeLink } from "./made-folder.ts";

const card = "0000:02:00.0";
const functions = ["0000:02:00.1", "0000:02:00.2"];
/** Of each namespace. */
export const madeGib = 2 ** -14;
const bytes = madeGib * 2 ** 30;

export class MadeController implements NvmeSurroundings {
  readonly root: string;
  /** Which controllers see which namespace; 0 is the host's end. */
  readonly seenBy = new Map<number, Set<number>>([[1, new Set()], [2, new Set()]]);
  readonly online = new Set<number>();
  /** After so many more commands whoever gives them is dead. */
  commandsLeft = Infinity;
  isDead = false;
  /** Says that it has erased, and has not. */
  lies = false;

  constructor(root: string) {
    this.root = root;
    makeFile(root, `sys/bus/pci/devices/${card}/class`, "0x010802");
    makeFile(root, `sys/bus/pci/devices/${card}/sriov_totalvfs`, "2");
    makeFile(root, "sys/class/nvme/nvme0/address", card);
    makeLink(root, `sys/bus/pci/devices/${card}/driver`, "sys/bus/pci/drivers/nvme");
    mkdirSync(join(root, "sys/bus/pci/devices", card, "nvme/nvme0"), { recursive: true });
    for (const [number, address] of functions.entries()) {
      makeLink(root, `sys/bus/pci/devices/${address}/driver`, "sys/bus/pci/drivers/vfio-pci");
      makeLink(root, `sys/bus/pci/devices/${card}/virtfn${number}`, `sys/bus/pci/devices/${address}`);
      makeLink(root, `sys/bus/pci/devices/${address}/iommu_group`, `sys/kernel/iommu_groups/${number}`);
      makeLink(root, `sys/kernel/iommu_groups/${number}/devices/${address}`, `sys/bus/pci/devices/${address}`);
    }
    mkdirSync(join(root, "namespaces"));
    for (const namespace of this.seenBy.keys()) this.#fill(namespace, "");
  }

  readonly findObstacle = async () => undefined;
  readonly forget = async () => undefined;

  readonly controllerOf = (): NvmeController => ({
    primary: this.#command(() => 0),
    listNamespaces: this.#command(() => [...this.seenBy.keys()]),
    listViewers: this.#command((namespace: number) => this.#viewers(namespace)),
    readNamespace: this.#command((id: number) => ({ id, bytes, controllers: this.#viewers(id) })),
    listSecondary: this.#command(() => functions.map((_address, number) => ({ id: number + 1, number, isOnline: this.online.has(number + 1) }))),
    freeResources: this.#command(() => undefined),
    enable: this.#command((secondary: number) => void this.online.add(secondary)),
    attach: this.#command((namespace: number, controller: number) => this.#attach(namespace, controller)),
    detach: this.#command((namespace: number, controller: number) => this.#detach(namespace, controller)),
    format: this.#command((namespace: number) => (this.lies ? undefined : this.#fill(namespace, ""))),
  });

  /** What the guest with that function reads from its disk, or undefined when it has none or more than one. */
  read(address: string): string | undefined {
    const secondary = functions.indexOf(address) + 1;
    const seen = [...this.seenBy].flatMap(([namespace, controllers]) => (controllers.has(secondary) ? namespace : []));
    const [namespace] = seen;
    return seen.length === 1 && namespace !== undefined && this.online.has(secondary) ? readFileSync(this.#contentOf(namespace), "utf8").replace(/\0*$/, "") : undefined;
  }

  write(address: string, text: string): void {
    for (const [namespace, controllers] of this.seenBy) if (controllers.has(functions.indexOf(address) + 1)) this.#fill(namespace, text);
  }

  /** Somebody else gives commands from now on. */
  revive(): void {
    [this.commandsLeft, this.isDead] = [Infinity, false];
  }

  unplug(): void {
    rmSync(join(this.root, "sys/bus/pci/devices", card), { recursive: true });
  }

  #viewers(namespace: number): readonly number[] {
    return [...(this.seenBy.get(namespace) ?? [])];
  }

  #attach(namespace: number, controller: number): void {
    this.seenBy.get(namespace)?.add(controller);
    if (controller !== 0) return;
    makeFile(this.root, `sys/class/nvme/nvme0/nvme0n${namespace}/nsid`, String(namespace));
    mkdirSync(join(this.root, "dev"), { recursive: true });
    symlinkSync(this.#contentOf(namespace), join(this.root, "dev", `nvme0n${namespace}`));
  }

  #detach(namespace: number, controller: number): void {
    this.seenBy.get(namespace)?.delete(controller);
    if (controller !== 0) return;
    rmSync(join(this.root, "sys/class/nvme/nvme0", `nvme0n${namespace}`), { recursive: true });
    rmSync(join(this.root, "dev", `nvme0n${namespace}`));
  }

  #command<A extends readonly unknown[], R>(act: (...args: A) => R): (...args: A) => Promise<R> {
    return async (...args) => {
      if (this.commandsLeft <= 0) {
        this.isDead = true;
        return new Promise<never>(() => {});
      }
      this.commandsLeft -= 1;
      return act(...args);
    };
  }

  #fill(namespace: number, text: string): void {
    writeFileSync(this.#contentOf(namespace), Buffer.concat([Buffer.from(text), Buffer.alloc(bytes - text.length)]));
  }

  #contentOf(namespace: number): string {
    return join(this.root, "namespaces", String(namespace));
  }
}
