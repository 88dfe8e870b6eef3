/** `host drain`: no new guests; what runs is shown, since it has to go by its owners' hands. */
import { CommandError, exitCodes, notRunning } from "../command-error.ts";
import { askControlPlane, findStatus } from "../control-client.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import { findNodes } from "../named-nodes.ts";
import { counted } from "../terminal.ts";

export async function hostDrain(names: readonly string[], options: { readonly data?: string; readonly end?: boolean }): Promise<void> {
  const current = requireInstallation(options.data);
  if (ranAsOwner(current)) return;
  const places = await findStatus(current.installation);
  if (places === undefined) throw notRunning(current.dataDirectory);
  const hosts = findNodes(places, names).filter(({ role }) => role === "host");
  if (hosts.length === 0) throw new CommandError("Only hosts can be drained, not storage nodes.", { exitCode: exitCodes.usage });
  const body = { hosts: hosts.map(({ id }) => id), draining: options.end !== true };
  await askControlPlane(current, { method: "PUT", path: "/v1/draining", body, timeoutMs: 10_000 });
  const report = await findStatus(current.installation);
  const shown = report?.regions.flatMap((region) => region.zones.flatMap((zone) => zone.hosts)) ?? [];
  for (const { id } of hosts) {
    const guests = shown.find((host) => host.id === id)?.guests ?? [];
    const left = guests.length === 0 ? "it is empty" : `${counted(guests.length, "guest")} to be stopped or terminated: ${guests.map((guest) => guest.id).join(", ")}`;
    process.stdout.write(options.end === true ? `${id} takes guests again\n` : `${id} takes no new guests; ${left}\n`);
  }
}
