/**
 * Finds guests that do not answer for their own address, as EC2's instance status check does (facts §1.9). The kernel asks: an entry of its neighbours that is to
 * be proved is asked for by ARP three times, a second apart, and has failed then. Two short processes for a VPC, however many guests it has; a guest has one packet
 * to answer. Packets go as always meanwhile. An entry that stays unproved, because the agent died, does its service too.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { InterfaceId } from "../../base/ids.ts";
import type { InterfaceSpecification } from "../protocol/specification.ts";
import { ignoreFailedCommand, ipBatch, runCommand } from "./command.ts";
import { stringField } from "./json-field.ts";
import { interfaceDevices } from "./names.ts";

/** Three questions, and some room. */
const proofMs = 4_000;

/** Of these interfaces, all in the VPC of this namespace; of ones that come or go meanwhile nothing is said. */
export async function findSilentGuests(namespace: string, nics: readonly InterfaceSpecification[]): Promise<readonly InterfaceId[]> {
  const entryOf = ({ id, mac, privateAddress }: InterfaceSpecification) => `${privateAddress} lladdr ${mac} dev ${interfaceDevices(id).inner}`;
  await ipBatch(nics.map((nic) => `neigh change ${entryOf(nic)} nud probe`), { namespace, anyway: true });
  await sleep(proofMs, undefined, { ref: false });
  const lines = ["neigh show nud failed", ...nics.map((nic) => `neigh replace ${entryOf(nic)} nud permanent`)];
  const text = await runCommand("ip", ["-n", namespace, "-json", "-force", "-batch", "-"], `${lines.join("\n")}\n`).catch((thrown: unknown) => {
    ignoreFailedCommand(thrown);
    return "";
  });
  const failed: unknown = text.trim() === "" ? [] : JSON.parse(text);
  const devices = new Set((Array.isArray(failed) ? failed : []).map((entry) => `${stringField(entry, "dev")} ${stringField(entry, "dst")}`));
  return nics.flatMap(({ id, privateAddress }) => (devices.has(`${interfaceDevices(id).inner} ${privateAddress}`) ? id : []));
}
