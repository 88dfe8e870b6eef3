/** A refusal that nevertheless wrote something. */
import type { ApiError } from "./class.ts";

/** Thrown where a part of the work is done and the rest refused: what was written is committed, the caller gets the error. */
export class PartialFailure extends Error {
  override readonly name = "PartialFailure";
  readonly error: ApiError;

  constructor(error: ApiError) {
    super("a part of the call was refused", { cause: error });
    this.error = error;
  }
}
