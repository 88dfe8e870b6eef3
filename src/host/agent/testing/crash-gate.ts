/**
 * Kills an agent at a numbered moment: before or after each effect on its world. A killed agent's calls never return and have no
 * effect, which is what kill -9 looks like from outside; whatever it has in memory is of no use to the next one.
 */
import type { RunningMachine } from "../../engine/engine.ts";
import type { ControlPlaneTransport } from "../control-plane-transport.ts";
import type { Engines, HostParts } from "../parts.ts";

export class CrashGate {
  moments = 0;
  readonly #killAt: number;
  readonly #killed = Promise.withResolvers<void>();
  #dead = false;

  /** 0: never. */
  constructor(killAt: number) {
    this.#killAt = killAt;
  }

  get killed(): Promise<void> {
    return this.#killed.promise;
  }

  kill(): void {
    this.#dead = true;
    this.#killed.resolve();
  }

  async effect<T>(work: () => T | Promise<T>): Promise<T> {
    await this.#moment();
    const result = await work();
    await this.#moment();
    return result;
  }

  #moment(): Promise<void> | void {
    if (!this.#dead && ++this.moments === this.#killAt) this.kill();
    if (this.#dead) return new Promise(() => undefined);
  }

  /** The same object with every method behind the gate. */
  guard<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => this.effect(() => Reflect.apply(value, object, args));
      },
    });
  }

  host(parts: HostParts): HostParts {
    const { files, network, disks, engines } = parts;
    return { ...parts, files: this.guard(files), network: this.guard(network), disks: this.guard(disks), engines: this.#engines(engines) };
  }

  transport(transport: ControlPlaneTransport): ControlPlaneTransport {
    return { ...transport, send: (request, signal) => this.effect(() => transport.send(request, signal)), close: () => undefined };
  }

  #engines({ emulated, paravirtual, hardware }: Engines): Engines {
    const guard = (engine: typeof emulated): typeof emulated => ({
      ...engine,
      start: async (plan, signal) => this.#machine(await this.effect(() => engine.start(plan, signal))),
      adopt: async (plan) => {
        const found = await this.effect(() => engine.adopt(plan));
        return found === undefined ? undefined : this.#machine(found);
      },
    });
    return { emulated: guard(emulated), paravirtual: guard(paravirtual), hardware: guard(hardware) };
  }

  #machine(machine: RunningMachine): RunningMachine {
    return this.guard(machine);
  }
}
