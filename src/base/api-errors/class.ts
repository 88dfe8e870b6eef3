/** The error that a caller of the API sees. Built only by the catalogue's functions. */

/** Whose fault: AWS's XML says `Sender` or `Receiver`, and SDKs retry only the server's. */
export type Fault = "client" | "server";

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  readonly fault: Fault;
  /** Further members of the error in its JSON form. */
  readonly members: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, options?: ErrorOptions & { readonly members?: Readonly<Record<string, string>> }) {
    super(message, options);
    this.members = options?.members ?? {};
    this.code = code;
    this.status = status;
    this.fault = status >= 500 ? "server" : "client";
  }
}

export function isApiError(thrown: unknown): thrown is ApiError {
  return thrown instanceof ApiError;
}
