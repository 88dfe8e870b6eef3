/**
 * Holds the instances of one host to the bandwidth of their types, each direction for itself, all interfaces of an instance together: up to the peak while
 * there are credits, else the baseline (facts §3.6). A queue on the tap delays what goes to the guest, one on the host's end of the pair what comes from
 * it; what the interfaces of one instance share is in `shared-limit.ts`. Runs inside the host's network namespace.
 *
 * All of it stays when the agent ends, with the rates that it had; the next one goes on with the credits that were written down.
 */
import type { Clock } from "../../../base/clock.ts";
import type { InstanceId, InterfaceId } from "../../../base/ids.ts";
import type { Log } from "../../../base/log.ts";
import type { BandwidthSpecification, InterfaceSpecification } from "../../protocol/specification.ts";
import { loadRules, runCommand } from "../command.ts";
import { interfaceDevices } from "../names.ts";
import { BandwidthFile, type Limited } from "./bandwidth-file.ts";
import { allowedBitsPerSecond, fullCredits, settleCredits, type Credits } from "./credits.ts";
import { readSent } from "./read-sent.ts";
import { queueLine, sharedLimitRules, type Allowed } from "./shared-limit.ts";

export interface BandwidthKeeperOptions {
  readonly stateFile: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How often credits are settled. */
  readonly everyMs: number;
}

export class BandwidthKeeper {
  readonly #options: BandwidthKeeperOptions;
  readonly #file: BandwidthFile;
  readonly #limited: Map<InstanceId, Limited>;
  /** What each device was last set to, bits per second. */
  readonly #rates = new Map<string, number>();
  /** The rules of what each instance's interfaces share, as they were last loaded. */
  readonly #shared = new Map<InstanceId, string>();
  readonly #timer: NodeJS.Timeout;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: BandwidthKeeperOptions) {
    this.#options = options;
    this.#file = new BandwidthFile(options.stateFile);
    this.#limited = new Map(this.#file.load());
    this.#timer = setInterval(() => void this.#settle().catch((error: unknown) => options.log.error("the bandwidth of guests could not be adjusted", { error })), options.everyMs).unref();
  }

  /** The interface's devices exist; they may be new. What cannot be done now is tried again when credits are settled: a guest does not wait for it. */
  limit({ id, bandwidth }: InterfaceSpecification): Promise<void> {
    return this.#inTurn(async () => {
      this.#forgetDevices(id);
      if (bandwidth === undefined) return;
      const { instance } = bandwidth;
      // Its detachment from another instance may have been interrupted.
      if ([...this.#limited].some(([other, { interfaces }]) => other !== instance && interfaces.includes(id))) await this.#drop((each) => each === id);
      this.#shared.delete(instance);
      const before = this.#limited.get(instance);
      const interfaces = [...new Set([...(before?.interfaces ?? []), id])].toSorted();
      this.#limited.set(instance, this.#settled({ ...(before ?? this.#full(bandwidth)), specification: bandwidth, interfaces }, readSent()));
      this.#save();
      await this.#apply([instance]).catch((error: unknown) => this.#options.log.error("an interface could not be held to its bandwidth", { interface: id, error }));
    });
  }

  forget(id: InterfaceId): Promise<void> {
    return this.#inTurn(() => this.#drop((each) => each === id));
  }

  retainOnly(ids: readonly InterfaceId[]): Promise<void> {
    return this.#inTurn(() => this.#drop((each) => !ids.includes(each)));
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
  }

  #full(specification: BandwidthSpecification): Limited {
    const credits = fullCredits(specification, {}, this.#options.clock.now());
    return { specification, interfaces: [], leaving: credits, arriving: credits };
  }

  #settled(limited: Limited, sent: ReadonlyMap<string, number>): Limited {
    const [now, devices] = [this.#options.clock.now(), limited.interfaces.map(interfaceDevices)];
    const settle = (credits: Credits, names: readonly string[]) =>
      settleCredits(credits, limited.specification, Object.fromEntries(names.flatMap((name) => (sent.has(name) ? [[name, sent.get(name) ?? 0]] : []))), now);
    return { ...limited, leaving: settle(limited.leaving, devices.map(({ outer }) => outer)), arriving: settle(limited.arriving, devices.map(({ tap }) => tap)) };
  }

  #settle(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#limited.size === 0) return;
      const sent = readSent();
      for (const [instance, limited] of this.#limited) this.#limited.set(instance, this.#settled(limited, sent));
      this.#save();
      await this.#apply([...this.#limited].flatMap(([instance, { interfaces }]) => (interfaces.flatMap(devicesOf).every((device) => sent.has(device)) ? instance : [])));
    });
  }

  /** Sets the rates that are others than before. */
  async #apply(instances: readonly InstanceId[]): Promise<void> {
    const wanted = instances.flatMap((instance) => {
      const limited = this.#limited.get(instance);
      return limited === undefined ? [] : { instance, ...limited, allowed: allowedTo(limited) };
    });
    const rates = wanted.flatMap(({ interfaces, allowed }) =>
      interfaces.map(interfaceDevices).flatMap(({ tap, outer }) => [[tap, allowed.arriving], [outer, allowed.leaving]] as const),
    );
    const changed = rates.filter(([device, rate]) => this.#rates.get(device) !== rate);
    if (changed.length > 0) await runCommand("tc", ["-batch", "-"], changed.map(([device, rate]) => `${queueLine(device, rate)}\n`).join(""));
    for (const [device, rate] of changed) this.#rates.set(device, rate);
    const shared = wanted.filter(({ interfaces }) => interfaces.length > 1); // of fewer there is no such table any more
    const rules = shared.map(({ instance, interfaces, allowed }) => [instance, sharedLimitRules(instance, interfaces, allowed)] as const).filter(([instance, text]) => this.#shared.get(instance) !== text);
    if (rules.length > 0) await loadRules(rules.map(([, text]) => text).join(""));
    for (const [instance, text] of rules) this.#shared.set(instance, text);
  }

  async #drop(isGone: (id: InterfaceId) => boolean): Promise<void> {
    const concerned = [...this.#limited].filter(([, { interfaces }]) => interfaces.some(isGone));
    if (concerned.length === 0) return;
    for (const [instance, limited] of concerned) {
      limited.interfaces.filter(isGone).forEach((id) => this.#forgetDevices(id));
      const interfaces = limited.interfaces.filter((id) => !isGone(id));
      if (limited.interfaces.length > 1) await loadRules(sharedLimitRules(instance, interfaces, allowedTo(limited)));
      this.#shared.delete(instance);
      if (interfaces.length === 0) this.#limited.delete(instance);
      else this.#limited.set(instance, { ...limited, interfaces });
    }
    this.#save();
  }

  #forgetDevices(id: InterfaceId): void {
    for (const device of devicesOf(id)) this.#rates.delete(device);
  }

  #save(): void {
    this.#file.save(this.#limited);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function allowedTo({ specification, leaving, arriving }: Limited): Allowed {
  return { leaving: allowedBitsPerSecond(leaving, specification), arriving: allowedBitsPerSecond(arriving, specification) };
}

/** Those that send what the interface's guest gets, and what comes from it. */
function devicesOf(id: InterfaceId): readonly string[] {
  const { tap, outer } = interfaceDevices(id);
  return [tap, outer];
}
