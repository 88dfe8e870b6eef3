/** Errors that every layer understands. */

/** Work that can never succeed as asked; `reason` may be shown to the user. Reconcilers stop retrying on it. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
  readonly reason: string;
  constructor(reason: string, options?: ErrorOptions) {
    super(`cannot be done: ${reason}`, options);
    this.reason = reason;
  }
}

/** The machine lacks something; `remedy` is the sentence that `doctor` prints. */
export class CapabilityError extends Error {
  override readonly name = "CapabilityError";
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** The text of any thrown value, its causes behind it, for a log or a terminal. */
export function errorChain(thrown: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = thrown; at !== undefined && at !== null && parts.length < 8; at = at instanceof Error ? at.cause : undefined) {
    parts.push(at instanceof Error ? at.message : String(at));
  }
  return parts.join(": ");
}
