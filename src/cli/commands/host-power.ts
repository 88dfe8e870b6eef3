/** `host fail` and `host repair`: the power switches of hosts and storage nodes. */
import { CommandError } from "../command-error.ts";
import { ranAsOwner, requireInstallation, type CurrentInstallation } from "../current-installation.ts";
import { findNodes } from "../named-nodes.ts";
import { powerOff, powerOn, type Switch } from "../power.ts";

export function hostFail(names: readonly string[], options: { readonly data?: string }): Promise<void> {
  return turn(names, options, powerOff, { done: "is off", before: "was off already" });
}

export function hostRepair(names: readonly string[], options: { readonly data?: string }): Promise<void> {
  return turn(names, options, powerOn, { done: "is on again", before: "was on already" });
}

async function turn(
  names: readonly string[],
  { data }: { readonly data?: string },
  change: (node: Switch) => Promise<boolean>,
  says: { readonly done: string; readonly before: string },
): Promise<void> {
  const current = requireInstallation(data);
  refuseSimulated(current);
  const nodes = findNodes(current.installation.topology, names);
  if (ranAsOwner(current)) return;
  const { dataDirectory, installation } = current;
  // All at once: a zone's power fails for all of it.
  const changed = await Promise.all(nodes.map(({ id }) => change({ dataDirectory, runDirectory: installation.runDirectory, installation: installation.id, node: id })));
  for (const [index, { id }] of nodes.entries()) process.stdout.write(`${id} ${changed[index] === true ? says.done : says.before}\n`);
}

function refuseSimulated({ installation }: CurrentInstallation): void {
  if (installation.simulated) throw new CommandError("Simulated hosts have no power switch.", { remedy: "./hostelry up without --simulated makes real ones" });
}
