/** A request that cannot be answered as asked: the code, text and HTTP status that the client sees. */
export class WireError extends Error {
  override readonly name = "WireError";
  /** The AWS error code, as the service of the request spells it. */
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = status;
  }

  /** Whose fault it is: a server error may be retried as it stands. */
  get fault(): "client" | "server" {
    return this.status >= 500 ? "server" : "client";
  }
}

/** A client's text as part of a message: long ones are cut, so that an error never grows with its cause. */
export function quoteValue(text: string): string {
  return text.length <= 128 ? text : `${text.slice(0, 125)}...`;
}
