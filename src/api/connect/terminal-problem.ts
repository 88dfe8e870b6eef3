/** Why there is no terminal, serial console or tunnel, or no longer: a code for programs and a sentence for people that says what to do. */
import { isApiError } from "../../base/api-error.ts";
import type { WayIn } from "../../compute/way-in.ts";
import { connectBlock, type StreamErrorCode } from "../../compute/host-streams.ts";
import type { TerminalEnd, TerminalMessage } from "../../base/terminal-protocol.ts";

export class TerminalProblem extends Error {
  override readonly name = "TerminalProblem";
  readonly code: TerminalEnd;
  /** The shell's, if it ended with one. */
  readonly status: number | undefined;
  constructor(code: TerminalEnd, message: string, options: ErrorOptions & { readonly status?: number | undefined } = {}) {
    super(message, options);
    this.code = code;
    this.status = options.status;
  }
}

/** The last message of a terminal's connection. */
export function toEndMessage({ code, message, status }: TerminalProblem): TerminalMessage {
  return { type: "ended", code, message, ...(status === undefined ? {} : { status }) };
}

export function noStream(code: StreamErrorCode, { address, through }: Pick<WayIn, "address" | "through">, cause: unknown): TerminalProblem {
  const problem = (end: TerminalEnd, message: string) => new TerminalProblem(end, message, { cause });
  switch (code) {
    case "refused":
      return problem("refused", `Nothing listens on port 22 at ${address}. The guest is still starting, or runs no SSH server: GetConsoleOutput shows what it does.`);
    case "timed-out":
      return problem("no-answer", `No answer from port 22 at ${address}. Most likely no rule lets the service in: ${through === undefined ? rulesForService : rulesForEndpoint(through)}`);
    case "unreachable":
      return problem("unreachable", `There is no way to ${address}: the guest's interface does not answer.`);
    case "host-silent":
      return problem("host-silent", "The instance's host does not answer at present. Try again in a moment.");
    case "too-many":
      return problem("too-many", "The instance's host has as many connections as it takes. Close some and try again.");
    default:
      return problem("failed", "The connection to the guest could not be opened. Try again in a moment.");
  }
}

const rulesForService = `allow TCP port 22 from ${connectBlock}, or from 0.0.0.0/0, in a security group of the instance, and in its subnet's network ACL; the subnet needs a route to an internet gateway.`;
const rulesForEndpoint = (id: string) => `allow TCP port 22 out to the instance in a security group of ${id}, and in from that group (from your own address, if the endpoint preserves it) in one of the instance, and both ways in their subnets' network ACLs.`;

export function noSerialStream(code: StreamErrorCode, cause: unknown): TerminalProblem {
  const problem = (end: TerminalEnd, message: string) => new TerminalProblem(end, message, { cause });
  switch (code) {
    case "busy":
      return problem("busy", "The serial console has another user. Try again when their session is over.");
    case "no-such-machine":
      return problem("not-running", "The instance does not run. Start it, and try again.");
    case "host-silent":
    case "too-many":
      return problem(code, "The serial console cannot be reached now. Try again in a few minutes.");
    default:
      return problem("failed", "The serial console cannot be reached now. Try again in a few minutes.");
  }
}

export function noLogin(user: string, cause: unknown): TerminalProblem {
  return new TerminalProblem("login", `The guest did not let ${user} in. Check the user's name (images of this installation have admin), and that the guest takes keys of EC2 Instance Connect.`, { cause });
}

const ways = {
  "no-instance": (id: string) => `The instance ${id} does not exist.`,
  "not-running": (id: string) => `The instance ${id} is not running. Start it, and try again when it is running.`,
  "no-public-address": (id: string) => `The instance ${id} has no public address. Give it one, or connect through an EC2 Instance Connect Endpoint.`,
} as const;

export function noWay(code: keyof typeof ways, id: string): TerminalProblem {
  return new TerminalProblem(code, ways[code](id));
}

/** What the API says of a refused call. */
export function toProblem(thrown: unknown): TerminalProblem {
  if (thrown instanceof TerminalProblem) return thrown;
  if (!isApiError(thrown)) return new TerminalProblem("failed", "The service failed. Its log says why.", { cause: thrown });
  return new TerminalProblem(endsByCode[thrown.code] ?? "invalid", thrown.message, { cause: thrown });
}

const endsByCode: Readonly<Record<string, TerminalEnd>> = {
  AccessDenied: "forbidden",
  AccessDeniedException: "forbidden",
  AuthFailure: "forbidden",
  SerialConsoleAccessDisabledException: "forbidden",
  EC2InstanceNotFoundException: "no-instance",
  EC2InstanceStateInvalidException: "not-running",
};
