/** Network cards of the machine that are one host's alone. NVMe controllers are in no namespace: the host's agent is told their names. */
import { CapabilityError } from "../../base/errors.ts";
import { isStorageCard } from "../virtual-function/card-names.ts";
import { ipBatch, ipJson } from "./command.ts";
import { readHostLinks } from "./host-links.ts";

/** Moves the cards' devices into the host's namespace. They are the machine's again by themselves when that is gone. May be repeated. */
export async function moveCards(cards: readonly string[], namespace: string): Promise<void> {
  for (const card of cards.filter((name) => !isStorageCard(name))) {
    if ((await ipJson(["link", "show", "dev", card], namespace)).length > 0) continue;
    if (!readHostLinks().has(card)) throw new CapabilityError(`this machine has no network device ${card}`, "ip link shows those that it has; another host may have this one");
    await ipBatch([`link set ${card} netns ${namespace}`]);
  }
}
