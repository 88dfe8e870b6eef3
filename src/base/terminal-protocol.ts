/**
 * What the page or command of a terminal or serial console and the service say to each other over one WebSocket, beside the bytes of the terminal itself, which are binary
 * messages in both directions.
 *
 * Whoever shows the terminal says how many bytes it has shown so far (`acknowledge`); the service sends no more than a window beyond that, and what was
 * not acknowledged is sent again to a new connection that takes the terminal up (`resume`).
 */

/** On the API's own address. */
export const terminalPath = "/connect/terminal";
/** How many bytes may be under way to whoever shows them. */
export const terminalWindow = 256 * 1024;

export type TerminalRequest =
  /** The first message of a connection is this one, or one of the next two. */
  | { readonly type: "open"; readonly region: string; readonly instance: string; readonly user: string; readonly columns: number; readonly rows: number }
  /** The serial console. It has no size. */
  | { readonly type: "open-serial"; readonly region: string; readonly instance: string }
  /** `received`: bytes of output since the terminal's beginning. */
  | { readonly type: "resume"; readonly terminal: string; readonly received: number }
  | { readonly type: "resize"; readonly columns: number; readonly rows: number }
  | { readonly type: "acknowledge"; readonly received: number }
  /** The terminal is no longer needed; a connection that merely closes leaves it for a while. */
  | { readonly type: "end" };

export type TerminalMessage =
  | { readonly type: "progress"; readonly step: "key" | "connection" | "login" }
  /** `graceMs`: how long the terminal waits for a connection to take it up again. */
  | { readonly type: "opened"; readonly terminal: string; readonly graceMs: number }
  /** The last message. `message` is for people; `status` is the shell's, if it ended with one. */
  | { readonly type: "ended"; readonly code: TerminalEnd; readonly message: string; readonly status?: number };

/**
 * `exit`: the shell ended. `idle`: nobody typed for long. `forbidden`: not allowed, from the beginning or any more. `lost`: the connection to the guest
 * broke. `replaced`: another connection took the terminal up. `busy`: somebody else has the serial console. `gone`: there is no such terminal any more.
 * Others say why none was opened.
 */
export type TerminalEnd =
  | "exit" | "idle" | "forbidden" | "lost" | "replaced" | "gone" | "closed"
  | "invalid" | "too-many" | "no-instance" | "not-running" | "no-public-address" | "no-answer" | "refused" | "unreachable" | "host-silent" | "busy" | "login" | "not-ssh" | "failed";

/** Undefined for what is no such message. */
export function parseTerminalRequest(text: string): TerminalRequest | undefined {
  const value = parseObject(text);
  const size = { columns: cells(value?.["columns"]), rows: cells(value?.["rows"]) };
  const received = value?.["received"];
  switch (value?.["type"]) {
    case "open": {
      const { region, instance, user } = value;
      return typeof region === "string" && typeof instance === "string" && typeof user === "string" ? { type: "open", region, instance, user, ...size } : undefined;
    }
    case "open-serial": {
      const { region, instance } = value;
      return typeof region === "string" && typeof instance === "string" ? { type: "open-serial", region, instance } : undefined;
    }
    case "resume":
      return typeof value["terminal"] === "string" && isCount(received) ? { type: "resume", terminal: value["terminal"], received } : undefined;
    case "resize":
      return { type: "resize", ...size };
    case "acknowledge":
      return isCount(received) ? { type: "acknowledge", received } : undefined;
    case "end":
      return { type: "end" };
    default:
      return undefined;
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined; // an array has none of the members
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** A terminal's width or height as it can be, whatever was asked for. */
function cells(value: unknown): number {
  return isCount(value) ? Math.min(Math.max(value, 1), 1_000) : 24;
}
