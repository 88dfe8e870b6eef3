/** What `fsck` has found, as the control plane tells it to the command. */

export interface Finding {
  /** The snapshot, block, volume or folder. */
  readonly subject: string;
  readonly problem: string;
  /** What was done about it, or can be done; absent: nothing by itself. */
  readonly remedy?: string;
  readonly repaired: boolean;
}

export interface StorageCheck {
  readonly snapshots: number;
  /** Blocks whose content was read and compared with their names. */
  readonly blocks: number;
  readonly volumes: number;
  readonly attachments: number;
  readonly findings: readonly Finding[];
}

/** Collects; a repair is made only when it was asked for. */
export class Findings {
  readonly list: Finding[] = [];
  readonly #repair: boolean;

  constructor(repair: boolean) {
    this.#repair = repair;
  }

  add(subject: string, problem: string): void {
    this.list.push({ subject, problem, repaired: false });
  }

  /** `remedy` says in the past tense what `repair` does. */
  async addRepairable(subject: string, problem: string, remedy: string, repair: () => Promise<unknown>): Promise<void> {
    if (this.#repair) await repair();
    this.list.push({ subject, problem, remedy, repaired: this.#repair });
  }
}
