/** `status` on a machine that has joined: what it is, whether the control plane takes it, and the guests here. */
import type { AgentStatus } from "../../host/agent/agent.ts";
import type { Refusal } from "../../host/protocol/joining.ts";
import { CommandError, exitCodes } from "../command-error.ts";
import { componentName } from "../component.ts";
import { findAgentStatus } from "../control-client.ts";
import { findComponents } from "../processes.ts";
import { renderTable } from "../terminal.ts";
import type { JoinedHost } from "./joined-host.ts";

export async function joinedStatus({ dataDirectory, membership }: JoinedHost, options: { readonly json?: boolean }): Promise<void> {
  const { host, runDirectory } = membership;
  const processes = findComponents(dataDirectory).map(({ component, pid }) => ({ component: componentName(component), pid }));
  if (processes.length === 0) throw new CommandError(`The host ${host} does not run here (data directory ${dataDirectory}).`, { remedy: "Start it: ./hostelry host join", exitCode: exitCodes.notRunning });
  const agent = await findAgentStatus(runDirectory, host);
  const { zone, installation, url } = membership;
  const text = options.json === true ? JSON.stringify({ host, zone, installation, url, dataDirectory, processes, agent: agent ?? "silent" }, undefined, 2) : renderJoined({ dataDirectory, membership }, agent);
  process.stdout.write(`${text}\n`);
}

export function renderJoined({ dataDirectory, membership: { host, zone, installation, url } }: JoinedHost, agent: AgentStatus | undefined): string {
  return [`Host ${host} in ${zone} of the data centre ${installation} (${dataDirectory})`, `${url}: ${renderStanding(agent)}`, "", renderGuests(agent)].join("\n");
}

function renderStanding(agent: AgentStatus | undefined): string {
  if (agent === undefined) return "the agent does not answer; it is started again by itself. See ./hostelry logs";
  if (agent.refusal !== undefined) return renderRefusal(agent.refusal);
  return agent.known ? "the control plane has taken this host in" : "the control plane has not answered yet. See ./hostelry logs";
}

function renderRefusal(text: string): string {
  const { message, remedy } = JSON.parse(text) as Refusal; // the control plane wrote it
  return [message, ...(remedy === undefined ? [] : [remedy])].join(" ");
}

function renderGuests(agent: AgentStatus | undefined): string {
  const rows = (agent?.machines ?? []).map(({ id, want, state, virtualization, pid }) => [id, want, state, virtualization, String(pid ?? "")]);
  return rows.length === 0 ? "No guests." : renderTable([["INSTANCE", "SHALL BE", "STATE", "VIRTUALIZATION", "PROCESS"], ...rows]);
}
