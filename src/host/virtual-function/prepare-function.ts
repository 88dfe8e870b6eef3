/** A network card's function made ready for a guest: its address, its VLAN and the card's checks, read back after they were set; then in the hands of `vfio-pci`. */
import { join } from "node:path";
import { TerminalError } from "../../base/errors.ts";
import { ipBatch, ipJson } from "../network/command.ts";
import { field, listField, numberField, stringField } from "../network/json-field.ts";
import { functionVlan, type CardFunction } from "./choose-function.ts";
import { handOver, makeFunctions, type FunctionUser } from "./hand-over.ts";
import { pciFolder, readHolding } from "./physical-functions.ts";

/** What cards are reached by: the machine's own, or made ones. */
export interface CardSurroundings {
  /** Where `sys` and `dev` are. */
  readonly root: string;
  readonly ipBatch: typeof ipBatch;
  readonly ipJson: typeof ipJson;
  readonly makeFunctions: typeof makeFunctions;
}

export const machineCards: CardSurroundings = { root: "/", ipBatch, ipJson, makeFunctions };

/** Whether it was another's or nobody's: a guest that runs since an earlier agent's time is not to notice anything. Fails with a TerminalError when it is gone. */
export async function prepareFunction(chosen: CardFunction, mac: string, user: FunctionUser | undefined, surroundings = machineCards): Promise<boolean> {
  const { device, number, address } = chosen;
  const { root } = surroundings;
  if (readHolding(address, join(root, pciFolder)).group === undefined) throw new TerminalError(`The virtual function ${number} of ${device} is gone.`);
  const stands = isSet(await readSettings(chosen, surroundings), chosen, mac);
  if (!stands) {
    await surroundings.ipBatch([`link set ${device} vf ${number} mac ${mac} vlan ${functionVlan(chosen)} spoofchk on`]);
    const said = await readSettings(chosen, surroundings);
    if (!isSet(said, chosen, mac)) throw new Error(`the virtual function ${number} of ${device} has not taken its address, VLAN and check: ${JSON.stringify(said)}`);
  }
  await handOver(address, user, root);
  return !stands;
}

/** What cards were told and what they do may differ: firmware has rules of its own. */
async function readSettings({ device, number }: CardFunction, surroundings: CardSurroundings): Promise<unknown> {
  const [link] = await surroundings.ipJson(["-details", "link", "show", "dev", device]);
  return listField(link, "vfinfo_list").find((each) => numberField(each, "vf") === number);
}

function isSet(said: unknown, chosen: CardFunction, mac: string): boolean {
  const [vlan] = listField(said, "vlan_list");
  return stringField(said, "address") === mac && numberField(vlan, "vlan") === functionVlan(chosen) && field(said, "spoofchk") === true;
}
