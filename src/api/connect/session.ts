/** What a visitor has open in a guest or on its console, and what it is opened with. */
import type { Random } from "../../base/random.ts";
import type { TerminalMessage } from "../../base/terminal-protocol.ts";
import type { Shell } from "./ssh-shell.ts";
import type { TunnelDesk, TunnelParts } from "./tunnel-desk.ts";

export interface Session {
  readonly shell: Shell;
  /** Rejects, with a TerminalProblem or as the API refuses, when the visitor may not have it any more, or the guest of it is gone. */
  permitted(): Promise<void>;
}

export interface SessionParts extends TunnelParts {
  readonly random: Random;
  readonly tunnels: TunnelDesk;
}

/** On the way to a shell. */
export type Step = Extract<TerminalMessage, { type: "progress" }>["step"];
