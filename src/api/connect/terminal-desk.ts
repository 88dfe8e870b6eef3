/** Opens terminals in guests and serial consoles of instances, and keeps those that are open, for whoever may have them as long as they may. */
import { randomUUID } from "node:crypto";
import type { TerminalMessage, TerminalRequest } from "../../base/terminal-protocol.ts";
import { openSerialSession } from "./serial-session.ts";
import type { SessionParts } from "./session.ts";
import { openShellSession } from "./shell-session.ts";
import { Terminal, type TerminalTimes } from "./terminal.ts";
import { TerminalProblem, toProblem } from "./terminal-problem.ts";
import type { Visitor } from "./visitor.ts";

export type OpenRequest = Extract<TerminalRequest, { type: "open" | "open-serial" }>;

export interface TerminalDesk {
  /** Rejects with a TerminalProblem. */
  open(visitor: Visitor, request: OpenRequest, tell: (message: TerminalMessage) => void, signal: AbortSignal): Promise<Terminal>;
  /** A terminal that the same user opened before; undefined when it is gone. */
  find(visitor: Visitor, id: string): Terminal | undefined;
  readonly count: number;
  close(): void;
}

interface Kept {
  readonly terminal: Terminal;
  readonly holder: string;
  /** The instance whose serial console it is; undefined: a shell. */
  readonly consoleOf: string | undefined;
}

const [mostOfUser, mostOfAll] = [32, 512];

export function openTerminalDesk(parts: SessionParts & { readonly times: TerminalTimes }): TerminalDesk {
  const terminals = new Map<string, Kept>();
  const opening: { readonly holder: string }[] = [];
  const admit = (holder: string): void => {
    const all = [...terminals.values(), ...opening];
    if (all.length >= mostOfAll || all.filter((each) => each.holder === holder).length >= mostOfUser) throw new TerminalProblem("too-many", "Too many terminals are open. Close some and try again.");
  };
  /** A page that was loaded anew must not find the console in use by itself. True: there was one. */
  const leaveConsole = (holder: string, instance: string): boolean => {
    const left = [...terminals.values()].filter((each) => each.holder === holder && each.consoleOf === instance && !each.terminal.isSeen);
    for (const { terminal } of left) terminal.end(new TerminalProblem("replaced", "The serial console was opened anew."));
    return left.length > 0;
  };
  return {
    open: async (visitor, request, tell, signal) => {
      const holder = holderOf(visitor);
      admit(holder);
      const place = { holder };
      opening.push(place);
      try {
        const { shell, permitted } =
          request.type === "open"
            ? await openShellSession(parts, visitor, request, (step) => tell({ type: "progress", step }), signal)
            : await openSerialSession(parts, visitor, request, leaveConsole(holder, request.instance), signal);
        const terminal = new Terminal(randomUUID(), shell, parts.times, permitted);
        terminals.set(terminal.id, { terminal, holder, consoleOf: request.type === "open" ? undefined : request.instance });
        void terminal.over.then(() => terminals.delete(terminal.id));
        return terminal;
      } catch (thrown) {
        throw toProblem(thrown);
      } finally {
        opening.splice(opening.indexOf(place), 1);
      }
    },
    find: (visitor, id) => {
      const found = terminals.get(id);
      return found?.holder === holderOf(visitor) ? found.terminal : undefined;
    },
    get count() {
      return terminals.size;
    },
    close: () => {
      for (const { terminal } of terminals.values()) terminal.end(new TerminalProblem("lost", "The service ended."));
    },
  };
}

function holderOf({ account, userId }: Visitor): string {
  return `${account} ${userId}`;
}
