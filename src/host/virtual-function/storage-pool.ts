/**
 * The virtual functions of a host's NVMe controllers, as local disks of guests: each has a namespace of the controller for itself. Made when the agent starts,
 * given to a guest's run and taken back after it. Who has which is on disk before a function is made ready.
 *
 * No guest reads what another wrote: a namespace is erased, and looked at whether it is, before it is a run's, whoever had it before; and once more when the
 * run is over, so that nothing lies about. What an agent that was killed has left undone does not count therefore. A controller that was reset is made ready
 * again for the guests that have its functions, which see their disks no sooner than at their next start. No controller is touched that nobody named, and none
 * of which the host itself uses a namespace.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { TerminalError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { CardDescription } from "../protocol/report.ts";
import { readPassThrough, type PassThrough } from "./card-doubt.ts";
import { usableFunctions } from "./choose-function.ts";
import { chooseStorage, findStorageDoubt, type StorageFunction } from "./choose-storage.ts";
import { allowLockedMemory, loadVfio, takeBack, type FunctionUser } from "./hand-over.ts";
import { addressOf, machineSurroundings, NvmeCard, type NvmeSurroundings } from "./nvme-card.ts";
import { pciFolder } from "./physical-functions.ts";

export interface StoragePool {
  readonly cards: readonly CardDescription[];
  /** PCI addresses of empty disks of these sizes, in order; undefined, with the reason in the log: there are none for all of them. `keep`: those that the machine has, as they are. */
  take(machine: StorageMachine, sizesGib: readonly number[], keep: boolean): Promise<readonly string[] | undefined>;
  /** Also when the card is gone, and when the machine has none. */
  release(machine: string): Promise<void>;
}

export interface StorageMachine {
  readonly id: string;
  readonly memoryMib: number;
  readonly user?: FunctionUser;
}

/** Of a host without such controllers. */
export const noStorageFunctions: StoragePool = { cards: [], take: async () => undefined, release: async () => {} };

export interface StoragePoolOptions {
  /** Names of the controllers, `nvme0`. */
  readonly devices: readonly string[];
  readonly readState: () => Promise<string | undefined>;
  readonly writeState: (text: string) => Promise<void>;
  readonly log: Log;
}

/** How often controllers are asked whether functions in use still work. */
const lookMs = 30_000;
/** What the host keeps of its memory when a guest's is locked. */
const hostOwnMib = 256;

export async function openStoragePool(options: StoragePoolOptions): Promise<StoragePool> {
  if (options.devices.length === 0) return noStorageFunctions;
  await loadVfio();
  await allowLockedMemory();
  const pool = new NvmePool({ ...options, surroundings: machineSurroundings }, parseState(await options.readState()));
  await pool.open();
  setInterval(() => void pool.mend(), lookMs).unref();
  return pool;
}

export class NvmePool implements StoragePool {
  readonly cards: CardDescription[] = [];
  readonly #options: StoragePoolOptions & { readonly surroundings: NvmeSurroundings };
  /** By machines. */
  readonly #held: Map<string, readonly StorageFunction[]>;
  readonly #cards: NvmeCard[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: StoragePoolOptions & { readonly surroundings: NvmeSurroundings }, held: Map<string, readonly StorageFunction[]>) {
    this.#options = options;
    this.#held = held;
  }

  async open(): Promise<void> {
    const { devices, log } = this.#options;
    for (const device of devices) {
      const description = await this.#openCard(device).catch((error: unknown) => {
        log.error("an NVMe controller's virtual functions could not be made", { device, error });
        return { device, functions: 0, disksGib: [], reason: "its virtual functions could not be made: the agent's log says why" };
      });
      log.info("an NVMe controller that can split itself", { ...description });
      this.cards.push(description);
    }
  }

  take(machine: StorageMachine, sizesGib: readonly number[], keep: boolean): Promise<readonly string[] | undefined> {
    return this.#inTurn(async () => {
      const held = this.#held.get(machine.id);
      if (keep) {
        for (const each of held ?? []) await this.#cardOf(each).ready(each, machine.user);
        return held?.map(({ address }) => address);
      }
      await this.#giveBack(machine.id);
      const chosen = await this.#choose(machine, sizesGib);
      if (typeof chosen !== "string") return this.#takeNew(machine, chosen);
      this.#options.log.info("a guest's local disks are files, not virtual functions", { machine: machine.id, reason: chosen });
      return undefined;
    });
  }

  release(machine: string): Promise<void> {
    return this.#inTurn(() => this.#giveBack(machine));
  }

  /** Makes what was reset ready again, and says whose disks were away. */
  mend(): Promise<void> {
    return this.#inTurn(async () => {
      for (const [machine, functions] of this.#held) {
        for (const each of functions) await this.#mendOne(machine, each).catch((error: unknown) => this.#options.log.error("a guest's local disk is away", { machine, ...each, error }));
      }
    });
  }

  async #mendOne(machine: string, held: StorageFunction): Promise<void> {
    const card = this.#cardOf(held);
    if (await card.works(held)) return;
    await card.ready(held, undefined);
    this.#options.log.warn("an NVMe controller was reset: a guest has lost its local disk until its next start", { machine, ...held });
  }

  async #openCard(device: string): Promise<CardDescription> {
    const none = { device, functions: 0, disksGib: [] };
    const address = await addressOf(device, this.#options.surroundings);
    const card = address === undefined ? undefined : new NvmeCard(address, this.#options.surroundings);
    if (card?.find() === undefined) return { ...none, reason: address === undefined ? "there is no such controller" : "it cannot split itself" };
    this.#cards.push(card);
    const doubt = (await this.#options.surroundings.findObstacle()) ?? findStorageDoubt(await card.read(), this.#pass(), this.#taken());
    if (doubt !== undefined) return { ...none, reason: doubt };
    await card.ensureFunctions();
    const made = await card.read();
    const after = findStorageDoubt(made, this.#pass(), this.#taken());
    return { device, functions: usableFunctions(made.card).length, disksGib: made.namespaces.map(({ bytes }) => bytes / 2 ** 30), ...(after === undefined ? {} : { reason: after }) };
  }

  async #choose({ memoryMib }: StorageMachine, sizesGib: readonly number[]): Promise<readonly StorageFunction[] | string> {
    const freeMib = await availableMib();
    if (freeMib < memoryMib + hostOwnMib) return `a guest with a virtual function has all its memory locked, and the host has ${freeMib} MiB`;
    const cards = this.#cards.filter((card) => card.find() !== undefined);
    if (cards.length === 0) return "the host has no NVMe controller with virtual functions (any more)";
    try {
      for (const card of cards) await card.ensureFunctions();
      return chooseStorage(await Promise.all(cards.map((card) => card.read())), this.#pass(), this.#taken(), sizesGib.map((gib) => gib * 2 ** 30));
    } catch (error) {
      this.#options.log.error("an NVMe controller does not answer", { error });
      return "an NVMe controller does not answer";
    }
  }

  /** Nothing was promised that a file would not do as well, so a card that does not do as told costs no guest its start. */
  async #takeNew(machine: StorageMachine, chosen: readonly StorageFunction[]): Promise<readonly string[] | undefined> {
    await this.#remember(machine.id, chosen);
    try {
      for (const each of chosen) {
        await this.#cardOf(each).erase(each);
        await this.#cardOf(each).ready(each, machine.user);
      }
    } catch (error) {
      this.#options.log.error("an NVMe controller did not do as told: a guest's local disks are files", { machine: machine.id, error });
      await this.#giveBack(machine.id);
      return undefined;
    }
    this.#options.log.info("local disks are virtual functions of an NVMe controller", { machine: machine.id, functions: chosen });
    return chosen.map(({ address }) => address);
  }

  async #giveBack(machine: string): Promise<void> {
    const { log, surroundings } = this.#options;
    const held = this.#held.get(machine);
    if (held === undefined) return;
    for (const each of held) {
      await takeBack(each.address, surroundings.root);
      // Whoever has it next erases it first, or does not get it.
      await this.#eraseThere(each).catch((error: unknown) => log.error("a local disk could not be erased after use", { machine, ...each, error }));
    }
    await this.#remember(machine, undefined);
    log.info("virtual functions of an NVMe controller are free again", { machine, functions: held });
  }

  async #eraseThere(held: StorageFunction): Promise<void> {
    const card = this.#cardOf(held);
    if (card.find() !== undefined) await card.erase(held);
  }

  #cardOf({ card: address }: StorageFunction): NvmeCard {
    const card = this.#cards.find((each) => each.address === address);
    if (card === undefined) throw new TerminalError("The NVMe controller with the instance's local disk is no longer the host's.");
    return card;
  }

  #pass(): PassThrough {
    const { root } = this.#options.surroundings;
    return readPassThrough(join(root, pciFolder), join(root, "sys/kernel/iommu_groups"));
  }

  #taken(): readonly StorageFunction[] {
    return [...this.#held.values()].flat();
  }

  async #remember(machine: string, functions: readonly StorageFunction[] | undefined): Promise<void> {
    if (functions === undefined) this.#held.delete(machine);
    else this.#held.set(machine, functions);
    await this.#options.writeState(JSON.stringify([...this.#held]));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

export function parseState(text: string | undefined): Map<string, readonly StorageFunction[]> {
  return new Map(text === undefined ? [] : (JSON.parse(text) as [string, StorageFunction[]][])); // written by `#remember`, as a whole
}

async function availableMib(): Promise<number> {
  const line = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile("/proc/meminfo", "utf8"));
  return Math.floor(Number(line?.[1] ?? 0) / 1024);
}
