/**
 * A host's accelerators and which guest has which. A guest has a device as a whole, from the start of its engine to its end. Who has which is in a file before a
 * device is handed over, so that a killed agent's successor gives none to a second guest; handing over may be repeated.
 *
 * What a guest leaves in a device's own memory is the device's matter: the kernel resets it whenever an engine lets go of it, as far as it can be reset.
 */
import { join } from "node:path";
import type { InstanceId } from "../../base/ids.ts";
import { TerminalError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { AcceleratorDescription } from "../protocol/report.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import { readPassThrough, type PassThrough } from "../virtual-function/card-doubt.ts";
import { allowLockedMemory, handOver, loadVfio, takeBack, type FunctionUser } from "../virtual-function/hand-over.ts";
import { pciFolder } from "../virtual-function/physical-functions.ts";
import { describeAccelerators, findAcceleratorDoubt, listAccelerators, type Accelerator } from "./accelerators.ts";

export interface Accelerators {
  /** Hands over as many as the machine shall have and returns their PCI addresses: those that it has already, if any. Fails with a TerminalError when there are not so many. */
  take(machine: Pick<MachineSpecification, "id" | "accelerators">, user: FunctionUser | undefined): Promise<readonly string[]>;
  /** Also when it has none. */
  release(id: InstanceId): Promise<void>;
  /** Releases what no machine of these has. */
  retainOnly(ids: readonly InstanceId[]): Promise<void>;
}

export interface AcceleratorPoolOptions {
  /** PCI addresses of those that are the host's. */
  readonly own: readonly string[];
  readonly readState: () => Promise<string | undefined>;
  /** Durable when it returns. */
  readonly writeState: (text: string) => Promise<void>;
  readonly log: Log;
}

export async function openAcceleratorPool(options: AcceleratorPoolOptions): Promise<AcceleratorPool> {
  if (listOwn(options.own, "/").length > 0) {
    await loadVfio();
    await allowLockedMemory();
  }
  return readAcceleratorPool(options, "/");
}

/** `root`: where `sys` and `dev` are. */
export async function readAcceleratorPool(options: AcceleratorPoolOptions, root: string): Promise<AcceleratorPool> {
  const held = JSON.parse((await options.readState()) ?? "{}") as Record<string, readonly string[]>; // written below
  const pool = new AcceleratorPool(options, root, held);
  for (const description of pool.descriptions) options.log.info("accelerators", { ...description });
  return pool;
}

function listOwn(own: readonly string[], root: string): readonly Accelerator[] {
  return listAccelerators(join(root, pciFolder)).filter(({ address }) => own.includes(address));
}

export class AcceleratorPool implements Accelerators {
  readonly descriptions: readonly AcceleratorDescription[];
  readonly #options: AcceleratorPoolOptions;
  readonly #root: string;
  /** By machine. */
  readonly #held: Map<string, readonly string[]>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AcceleratorPoolOptions, root: string, held: Readonly<Record<string, readonly string[]>>) {
    this.#options = options;
    this.#root = root;
    this.#held = new Map(Object.entries(held));
    this.descriptions = describeAccelerators(listOwn(options.own, root), this.#readPass());
  }

  take({ id, accelerators: count = 0 }: Pick<MachineSpecification, "id" | "accelerators">, user: FunctionUser | undefined): Promise<readonly string[]> {
    return this.#inTurn(async () => {
      if (count === 0) return [];
      const chosen = this.#choose(id, count);
      const addresses = chosen.map(({ address }) => address);
      this.#held.set(id, addresses);
      await this.#save();
      for (const { address, group } of chosen) for (const member of group?.members ?? [address]) await handOver(member, user, this.#root);
      this.#options.log.info("accelerators are handed over", { machine: id, addresses });
      return addresses;
    });
  }

  release(id: InstanceId): Promise<void> {
    return this.#inTurn(() => this.#release(id));
  }

  retainOnly(ids: readonly InstanceId[]): Promise<void> {
    const kept = new Set<string>(ids);
    return this.#inTurn(async () => {
      for (const id of [...this.#held.keys()].filter((each) => !kept.has(each))) await this.#release(id);
    });
  }

  async #release(id: string): Promise<void> {
    const addresses = this.#held.get(id);
    if (addresses === undefined) return;
    for (const address of addresses) await takeBack(address, this.#root);
    this.#held.delete(id);
    await this.#save();
    this.#options.log.info("accelerators are free again", { machine: id, addresses });
  }

  #choose(id: string, count: number): readonly Accelerator[] {
    const others = new Set([...this.#held].flatMap(([other, addresses]) => (other === id ? [] : addresses)));
    const free = listOwn(this.#options.own, this.#root).filter(({ address }) => !others.has(address));
    return chooseAccelerators(free, this.#held.get(id) ?? [], this.#readPass(), count);
  }

  #readPass(): PassThrough {
    return readPassThrough(join(this.#root, pciFolder), join(this.#root, "sys/kernel/iommu_groups"));
  }

  #save(): Promise<void> {
    return this.#options.writeState(JSON.stringify(Object.fromEntries(this.#held)));
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Of those that no other machine has: first what the machine has already. */
function chooseAccelerators(free: readonly Accelerator[], had: readonly string[], pass: PassThrough, count: number): readonly Accelerator[] {
  const doubts = free.flatMap((each) => findAcceleratorDoubt(each, pass)?.reason ?? []);
  const usable = free.filter((each) => findAcceleratorDoubt(each, pass) === undefined);
  if (usable.length < count) {
    const why = doubts.length === 0 ? "" : ` (${[...new Set(doubts)].join("; ")})`;
    throw new TerminalError(`Of the ${count} accelerators that the instance needs the host has ${usable.length} left${why}.`);
  }
  return usable.toSorted((a, b) => Number(had.includes(b.address)) - Number(had.includes(a.address))).slice(0, count);
}
