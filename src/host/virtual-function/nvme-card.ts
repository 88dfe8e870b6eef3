/** One NVMe controller whose virtual functions are guests' local disks: what is done to it for them. Nothing here depends on what was done before. */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { TerminalError } from "../../base/errors.ts";
import { runCommand } from "../network/command.ts";
import { mostFunctions } from "./choose-function.ts";
import type { StorageCard, StorageFunction } from "./choose-storage.ts";
import { handOver, makeFunctions, type FunctionUser } from "./hand-over.ts";
import { looksEmpty, waitForDisk } from "./namespace-disk.ts";
import { nvmeController, whyNoProgram, type Namespace, type NvmeController } from "./nvme-controller.ts";
import { deviceFolder, findPhysicalFunction, type PhysicalFunction } from "./physical-functions.ts";

/** What a controller is reached by: the machine's own, or a made one. */
export interface NvmeSurroundings {
  /** Where `sys` and `dev` are. */
  readonly root: string;
  readonly controllerOf: (device: string) => NvmeController;
  /** What keeps the host from telling controllers anything; undefined: nothing. */
  readonly findObstacle: () => Promise<string | undefined>;
  /** What is read from the disk from now on is what it has, not what the kernel remembers of it. */
  readonly forget: (disk: string) => Promise<unknown>;
}

export const machineSurroundings: NvmeSurroundings = { root: "/", controllerOf: nvmeController, findObstacle: whyNoProgram, forget: (disk) => runCommand("blockdev", ["--flushbufs", disk]) };

const [liveMs, lookMs] = [30_000, 100];

/** The PCI address of the controller that is called so now. */
export async function addressOf(device: string, { root }: NvmeSurroundings): Promise<string | undefined> {
  const text = await readFile(join(root, "sys/class/nvme", device, "address"), "utf8").catch(() => undefined);
  return text?.trim();
}

export class NvmeCard {
  readonly address: string;
  readonly #root: string;
  readonly #pci: string;
  /** It stays for the controller's life. */
  #primaryNumber: number | undefined;
  readonly #controllerOf: NvmeSurroundings["controllerOf"];
  readonly #forget: NvmeSurroundings["forget"];

  constructor(address: string, { root, controllerOf, forget }: NvmeSurroundings) {
    this.address = address;
    this.#root = root;
    this.#pci = join(root, "sys/bus/pci");
    this.#controllerOf = controllerOf;
    this.#forget = forget;
  }

  /** Undefined: it is gone. */
  find(): PhysicalFunction | undefined {
    return findPhysicalFunction(this.address, this.#pci);
  }

  async read(): Promise<StorageCard> {
    const card = this.#require();
    const controller = await this.#controller();
    const namespaces: Namespace[] = [];
    for (const id of await controller.listNamespaces()) namespaces.push(await controller.readNamespace(id));
    return { card, primary: await this.#primary(controller), namespaces };
  }

  /** A controller that was reset, or got its driver anew, has lost them. */
  async ensureFunctions(): Promise<void> {
    const { functions, most } = this.#require();
    if (functions.length > 0) return;
    await (await this.#controller()).freeResources();
    await writeFile(join(deviceFolder(this.address, this.#pci), "reset"), "1");
    await this.#untilLive();
    await makeFunctions(this.address, Math.min(most, mostFunctions), this.#pci);
  }

  /** The function works, sees its namespace and no other, nobody else sees that, and the user may open it. */
  async ready({ number, address, namespace }: StorageFunction, user: FunctionUser | undefined): Promise<void> {
    await this.ensureFunctions();
    const controller = await this.#controller();
    const all = await controller.listSecondary();
    const secondary = all.find((each) => each.number === number);
    if (secondary === undefined) throw new Error(`${this.address} has no secondary controller for its virtual function ${number}`);
    if (!secondary.isOnline) await controller.enable(secondary.id, all.length);
    for (const id of await controller.listNamespaces()) {
      const viewers = await controller.listViewers(id);
      for (const other of viewers) if (id === namespace ? other !== secondary.id : other === secondary.id) await controller.detach(id, other);
      if (id === namespace && !viewers.includes(secondary.id)) await controller.attach(id, secondary.id);
    }
    await handOver(address, user, this.#root);
  }

  /** False: the controller was reset since the function was made ready. */
  async works({ number }: StorageFunction): Promise<boolean> {
    if (this.#require().functions.length === 0) return false;
    return (await (await this.#controller()).listSecondary()).some((each) => each.number === number && each.isOnline);
  }

  /** Nobody sees the namespace any more, and it is empty. */
  async erase({ namespace, bytes }: StorageFunction): Promise<void> {
    const device = await this.#name();
    const controller = this.#controllerOf(device);
    const [primary, viewers] = [await this.#primary(controller), await controller.listViewers(namespace)];
    for (const other of viewers) if (other !== primary) await controller.detach(namespace, other);
    if (!viewers.includes(primary)) await controller.attach(namespace, primary);
    try {
      await controller.format(namespace);
      const disk = await waitForDisk(device, namespace, this.#root);
      await this.#forget(disk); // the kernel has looked for partitions before
      if (!(await looksEmpty(disk, bytes))) throw new Error(`namespace ${namespace} of ${this.address} is not empty after it was erased`);
    } finally {
      await controller.detach(namespace, primary); // or it would count as the host's own
    }
  }

  #require(): PhysicalFunction {
    const card = this.find();
    if (card === undefined) throw new TerminalError("The NVMe controller with the instance's local disk is gone.");
    return card;
  }

  async #controller(): Promise<NvmeController> {
    return this.#controllerOf(await this.#name());
  }

  async #primary(controller: NvmeController): Promise<number> {
    return (this.#primaryNumber ??= await controller.primary());
  }

  /** `nvme0`; with a new driver it may be another. */
  async #name(): Promise<string> {
    const [name] = await readdir(join(deviceFolder(this.address, this.#pci), "nvme")).catch(() => []);
    if (name === undefined) throw new Error(`${this.address} has no NVMe driver`);
    return name;
  }

  async #untilLive(): Promise<void> {
    const file = join(this.#root, "sys/class/nvme", await this.#name(), "state");
    for (const deadline = performance.now() + liveMs; performance.now() < deadline; await delay(lookMs)) {
      if ((await readFile(file, "utf8")).trim() === "live") return;
    }
    throw new Error(`${this.address} has not come back from its reset`);
  }
}
