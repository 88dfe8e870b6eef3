/** What a machine is before it joins: nothing, a host already, or one that the data centre has no more, which may then begin anew. */
import { CommandError } from "../command-error.ts";
import { findAgentStatus } from "../control-client.ts";
import { isForgotten, isTurnedAway } from "./ask-to-join.ts";
import { fingerprintOf, type JoinToken } from "./join-token.ts";
import type { JoinedHost } from "./joined-host.ts";
import { dropMembership, findMembership, readHostKey, type Membership } from "./membership.ts";

export interface StandingParts {
  readonly dataDirectory: string;
  /** As in the header of requests. */
  readonly version: string;
  /** Ends what still runs of a host that is none any more. */
  readonly leave: (joined: JoinedHost) => Promise<void>;
}

/** Undefined: it is to join. Only with a token is anything given up, and only on the control plane's word. Fails with a `CommandError` for a token of another data centre. */
export async function findStanding({ dataDirectory, version, leave }: StandingParts, token: JoinToken | undefined): Promise<Membership | undefined> {
  const membership = findMembership(dataDirectory);
  if (membership === undefined || token === undefined) return membership;
  if (token.fingerprint.toString("hex") !== fingerprintOf(membership.authority)) {
    throw new CommandError(`This machine is the host ${membership.host} of another data centre.`, { remedy: "Give another directory with --data DIR, or remove this one after ./hostelry down." });
  }
  // The device that reaches the control plane is the agent's alone while it runs.
  const agent = await findAgentStatus(membership.runDirectory, membership.host);
  const forgotten = agent === undefined ? await isTurnedAway({ ...membership, key: readHostKey(dataDirectory), version }) : agent.refusal !== undefined && isForgotten(agent.refusal);
  if (!forgotten) return membership;
  await leave({ dataDirectory, membership });
  await dropMembership(dataDirectory, membership);
  return undefined;
}
