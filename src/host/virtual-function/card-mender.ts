/**
 * Network cards that were reset, or told by somebody to have no functions, have them again, made ready for the interfaces that held them. Their guests were plugged out
 * meanwhile and have theirs again when they start anew; the log says which they are, and of a card that cannot be mended so once.
 */
import { join } from "node:path";
import type { Log } from "../../base/log.ts";
import { findCardDoubt, readPassThrough } from "./card-doubt.ts";
import { mostFunctions, type CardFunction } from "./choose-function.ts";
import { findPhysicalFunction, pciFolder } from "./physical-functions.ts";
import { machineCards, prepareFunction } from "./prepare-function.ts";

export interface Card {
  readonly device: string;
  readonly address: string;
}

/** Of an interface with this address. */
export interface HeldFunction {
  readonly cardFunction: CardFunction;
  readonly mac: string;
}

export class CardMender {
  readonly #cards: readonly Card[];
  readonly #log: Log;
  readonly #surroundings;
  /** What is the matter with which device and was said. */
  readonly #broken = new Set<string>();

  constructor(cards: readonly Card[], log: Log, surroundings = machineCards) {
    this.#cards = cards;
    this.#log = log;
    this.#surroundings = surroundings;
  }

  /** Never rejects. */
  async mend(held: readonly HeldFunction[]): Promise<void> {
    for (const card of this.#cards) {
      const lost = held.filter(({ cardFunction }) => cardFunction.device === card.device);
      try {
        if (await this.#mendCard(card, lost)) this.#log.warn("a network card had lost its virtual functions and has them again; guests that had some are without until they start anew", { ...card, lost });
        this.#broken.delete(card.device);
      } catch (error) {
        if (!this.#broken.has(card.device)) this.#log.error("a network card's virtual functions are away", { ...card, lost, error });
        this.#broken.add(card.device);
      }
    }
  }

  /** Whether there was anything to do. */
  async #mendCard({ device, address }: Card, held: readonly HeldFunction[]): Promise<boolean> {
    const { root, makeFunctions } = this.#surroundings;
    const pci = join(root, pciFolder);
    const card = findPhysicalFunction(address, pci);
    if (card === undefined) throw new Error(`the card ${device} is gone`);
    if (card.functions.length > 0 || findCardDoubt(card, readPassThrough(pci, join(root, "sys/kernel/iommu_groups"))) !== undefined) return false;
    await makeFunctions(address, Math.min(card.most, mostFunctions), pci);
    for (const { cardFunction, mac } of held) await prepareFunction(cardFunction, mac, undefined, this.#surroundings);
    return true;
  }
}
