/**
 * The machines of one host share its processors by their vCPUs, and burstable ones spend CPU credits: each has a control group, which is looked at every few
 * seconds. Groups and limits stay when the agent ends; the next one goes on with the credits that were written down, counts what was used meanwhile, and removes
 * groups whose machines have ended in between.
 */
import type { Clock } from "../../base/clock.ts";
import type { InstanceId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import type { CreditReport } from "../protocol/processor.ts";
import type { MachineSpecification } from "../protocol/specification.ts";
import type { ProcessorGroups } from "./control-groups.ts";
import { allowedVcpus, openLedger, settle, type Ledger } from "./credits.ts";

/** A machine whose engine runs. */
export interface HeldMachine {
  readonly id: InstanceId;
  readonly pid: number;
  readonly run: number;
  /** As it is when it is asked for. */
  readonly specification: () => Pick<MachineSpecification, "vcpus" | "credits">;
  readonly report: (report: CreditReport) => void;
}

/** What a machine's worker asks for; nothing of it fails: a guest without a share is better than none. */
export interface Processors {
  hold(machine: HeldMachine): void;
  /** The run is over, its processes are gone: settles and says what is left. */
  end(id: InstanceId): Promise<void>;
  /** Leaves groups and limits as they are. */
  close(): Promise<void>;
}

export interface ProcessorKeeperOptions {
  readonly groups: ProcessorGroups;
  readonly readState: () => Promise<string | undefined>;
  readonly writeState: (text: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  /** How often credits are settled, and after how long they are written down and reported. */
  readonly everyMs: number;
  readonly reportEveryMs: number;
}

export async function openProcessorKeeper(options: ProcessorKeeperOptions): Promise<Processors> {
  try {
    options.groups.removeEmpty();
  } catch (error) {
    options.log.warn("control groups of earlier machines are left", { error });
  }
  const state = await options.readState();
  return new ProcessorKeeper(options, state === undefined ? [] : (JSON.parse(state) as [InstanceId, Ledger][])); // this or an earlier agent wrote it
}

class ProcessorKeeper implements Processors {
  readonly #options: ProcessorKeeperOptions;
  readonly #held = new Map<InstanceId, HeldMachine>();
  readonly #ledgers: Map<InstanceId, Ledger>;
  readonly #timer: NodeJS.Timeout;
  /** Groups that still had processes when their machines ended. */
  readonly #leftOver = new Set<InstanceId>();
  #reportedAt: number;
  #last: Promise<void> = Promise.resolve();

  constructor(options: ProcessorKeeperOptions, ledgers: readonly (readonly [InstanceId, Ledger])[]) {
    this.#options = options;
    this.#ledgers = new Map(ledgers);
    this.#reportedAt = options.clock.now();
    this.#timer = setInterval(() => this.#look(), options.everyMs).unref();
  }

  hold(machine: HeldMachine): void {
    this.#held.set(machine.id, machine);
    this.#leftOver.delete(machine.id);
    this.#attempt(machine.id, () => {
      const { groups } = this.#options;
      groups.hold(machine.id, machine.pid);
      groups.setVcpus(machine.id, machine.specification().vcpus);
      this.#settle(machine);
    });
  }

  async end(id: InstanceId): Promise<void> {
    const machine = this.#held.get(id);
    this.#held.delete(id);
    if (machine !== undefined) {
      this.#attempt(id, () => {
        this.#settle(machine);
        this.#report(machine);
      });
    }
    this.#leftOver.add(id);
    this.#sweep();
    if (this.#ledgers.delete(id)) await this.#save();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#save();
  }

  #look(): void {
    this.#sweep();
    for (const machine of this.#held.values()) this.#attempt(machine.id, () => this.#settle(machine));
    const now = this.#options.clock.now();
    if (now - this.#reportedAt < this.#options.reportEveryMs || this.#ledgers.size === 0) return;
    this.#reportedAt = now;
    for (const machine of this.#held.values()) this.#report(machine);
    void this.#save();
  }

  #settle({ id, run, specification }: HeldMachine): void {
    const { groups, clock } = this.#options;
    const { credits } = specification();
    const known = this.#ledgers.get(id);
    if (credits === undefined) return void this.#ledgers.delete(id);
    const usedUs = groups.readUsedUs(id) ?? 0;
    const before = known?.run === run ? known : openLedger(run, credits, usedUs, clock.now());
    const after = settle(before, credits, usedUs, clock.now());
    if (after.throttled !== known?.throttled || known.run !== run) groups.setLimit(id, allowedVcpus(after, credits));
    this.#ledgers.set(id, after);
  }

  #report({ id, run, report }: HeldMachine): void {
    const ledger = this.#ledgers.get(id);
    if (ledger === undefined) return;
    const { balance, launch, surplus, charged } = ledger;
    report({ kind: "credits", id, run, credits: { balance: Math.max(0, balance), launch, surplus, charged } });
  }

  #sweep(): void {
    for (const id of this.#leftOver) if (this.#options.groups.remove(id)) this.#leftOver.delete(id);
  }

  /** One write after the other. */
  #save(): Promise<void> {
    const text = JSON.stringify([...this.#ledgers]);
    this.#last = this.#last.then(() => this.#options.writeState(text)).catch((error: unknown) => this.#options.log.error("CPU credits could not be written down", { error }));
    return this.#last;
  }

  #attempt(id: InstanceId, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.log.warn("a machine could not be given its share of the processors", { machine: id, error });
    }
  }
}

/** Where there are no control groups, and for simulated machines. */
export const unsharedProcessors: Processors = { hold() {}, end: async () => undefined, close: async () => undefined };
