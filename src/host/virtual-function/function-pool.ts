/**
 * The virtual functions of a host's network cards: made when the agent starts, made ready for a guest each time, taken back afterwards. The host's cards are those
 * whose devices are in its namespace. Who has which is the caller's to remember, before a function is made ready; nothing here depends on what was before, so
 * what a killed agent left is put right when the function is given out again.
 *
 * Each function is alone with its card's own device in a VLAN of the card's inner switch. So what the guest sends arrives at that VLAN's device in the host, where
 * groups, ACLs and all else are held to as for a tap, and reaches no other function; what comes from outside in a VLAN that is no function's reaches no guest.
 */
import type { Log } from "../../base/log.ts";
import { ipBatch, ipJson } from "../network/command.ts";
import { stringField } from "../network/json-field.ts";
import type { CardDescription } from "../protocol/report.ts";
import { findCardDoubt, readPassThrough } from "./card-doubt.ts";
import { CardMender, type Card, type HeldFunction } from "./card-mender.ts";
import { chooseFunction, mostFunctions, usableFunctions, type CardFunction } from "./choose-function.ts";
import { allowLockedMemory, loadVfio, makeFunctions, takeBack, type FunctionUser } from "./hand-over.ts";
import { findPhysicalFunction } from "./physical-functions.ts";
import { prepareFunction } from "./prepare-function.ts";

export interface FunctionPool {
  readonly cards: readonly CardDescription[];
  /** One that nobody has. Fails with a TerminalError. */
  choose(taken: readonly CardFunction[]): CardFunction;
  /** Gives it the address and its VLAN, and lets the user hand it to a guest. Fails when the card did not do as told, with a TerminalError when it is gone. */
  prepare(chosen: CardFunction, mac: string, user: FunctionUser | undefined): Promise<void>;
  /** Also when the card is gone. */
  release(chosen: CardFunction): Promise<void>;
  /** Gives cards that were reset their functions again, ready for whom these are; the log says what happened to whom. Never rejects. */
  mend(held: readonly HeldFunction[]): Promise<void>;
}

/** Of a host without such cards. */
export const noFunctions: FunctionPool = { cards: [], choose: (taken) => chooseFunction([], { iommu: false, vfio: false }, taken), prepare: async () => {}, release: async () => {}, mend: async () => {} };

/** Of packets in VPCs (facts §7.10). */
const largestMtu = 9_001;

export interface FunctionPoolOptions {
  /** Is left alone, whatever card it is. */
  readonly underlayDevice: string;
  readonly log: Log;
}

export async function openFunctionPool({ underlayDevice, log }: FunctionPoolOptions): Promise<FunctionPool> {
  const cards = (await listCards()).filter(({ device }) => device !== underlayDevice);
  if (cards.length > 0) await loadVfio();
  const descriptions: CardDescription[] = [];
  for (const card of cards) {
    const description = await openCard(card).catch((error: unknown) => {
      log.error("a network card's virtual functions could not be made", { device: card.device, error });
      return { device: card.device, functions: 0, reason: "its virtual functions could not be made: the agent's log says why" };
    });
    log.info("a network card that can split itself", { ...description });
    descriptions.push(description);
  }
  const present = () => cards.flatMap(({ device, address }) => {
    const card = findPhysicalFunction(address);
    return card === undefined ? [] : [{ device, card }];
  });
  const mender = new CardMender(cards, log);
  return {
    cards: descriptions,
    mend: (held) => mender.mend(held),
    choose: (taken) => chooseFunction(present(), readPassThrough(), taken),
    async prepare(chosen, mac, user) {
      if (await prepareFunction(chosen, mac, user)) log.info("a virtual function is made ready", { ...chosen });
    },
    async release(chosen) {
      await release(chosen);
      log.info("a virtual function is free again", { ...chosen });
    },
  };
}

/** The cards whose devices are in this namespace. */
async function listCards(): Promise<readonly Card[]> {
  const links = await ipJson(["-details", "link", "show"]);
  return links.flatMap((link) => {
    const [device, address] = [stringField(link, "ifname"), stringField(link, "parentdev")];
    const isCard = stringField(link, "parentbus") === "pci" && device !== undefined && address !== undefined && findPhysicalFunction(address) !== undefined;
    return isCard ? [{ device, address }] : [];
  });
}

async function openCard({ device, address }: Card): Promise<CardDescription> {
  const found = findPhysicalFunction(address);
  if (found === undefined) return { device, functions: 0, reason: "it is gone" };
  const doubt = findCardDoubt(found, readPassThrough());
  if (doubt !== undefined) return { device, functions: 0, reason: doubt.reason };
  await ipBatch([`link set ${device} mtu ${largestMtu} up`]);
  if (found.functions.length === 0) await makeFunctions(address, Math.min(found.most, mostFunctions));
  await allowLockedMemory();
  const made = findPhysicalFunction(address) ?? found;
  const after = findCardDoubt(made, readPassThrough());
  return { device, functions: usableFunctions(made).length, ...(after === undefined ? {} : { reason: after.reason }) };
}

async function release({ device, number, address }: CardFunction): Promise<void> {
  await ipBatch([`link set ${device} vf ${number} mac 00:00:00:00:00:00 vlan 0`], { anyway: true });
  await takeBack(address);
}
