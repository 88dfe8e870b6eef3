/**
 * Loads rules into this namespace, in one transaction and leaving out what this process has loaded with the same text before: a
 * transaction of nftables waits for the kernel's other cores and takes longer than everything else together.
 */
import { loadRules } from "./command.ts";

export class RuleLoader {
  readonly #loaded = new Map<string, string>();

  /** Pairs of a name and the text that replaces what the name stands for. */
  async load(tables: readonly (readonly [string, string])[]): Promise<void> {
    const changed = tables.filter(([name, rules]) => this.#loaded.get(name) !== rules);
    if (changed.length === 0) return;
    for (const [name] of changed) this.#loaded.delete(name);
    await loadRules(changed.map(([, rules]) => rules).join(""));
    for (const [name, rules] of changed) this.#loaded.set(name, rules);
  }

  /** The table went with its devices. */
  forget(name: string): void {
    this.#loaded.delete(name);
  }
}
