/**
 * The host's end of byte streams (`protocol/stream.ts`): opens what an order names, dials the control plane and joins the two. What an end holds back
 * the other is not asked for; when either breaks both are gone. Nothing survives the agent.
 */
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Log } from "../../base/log.ts";
import { largestStreams, openTargetMs, StreamError, type StreamErrorCode, type StreamOrder, type StreamTarget } from "../protocol/stream.ts";
import type { StreamTargets } from "./parts.ts";

export interface StreamCalls {
  dialStream(id: string): Promise<Duplex>;
  refuseStream(id: string, code: StreamErrorCode): Promise<void>;
}

export class StreamDialer {
  readonly #targets: StreamTargets;
  readonly #calls: StreamCalls;
  readonly #log: Log;
  readonly #leaving = new AbortController();
  #count = 0;

  constructor(targets: StreamTargets, calls: StreamCalls, log: Log) {
    this.#targets = targets;
    this.#calls = calls;
    this.#log = log;
  }

  /** How many there are, open or being opened. */
  get count(): number {
    return this.#count;
  }

  take(orders: readonly StreamOrder[]): void {
    for (const order of orders) void this.#serve(order).catch((error: unknown) => this.#log.warn("A stream could not be served", { stream: order.target.kind, error }));
  }

  leave(): void {
    this.#leaving.abort(new StreamError("failed"));
  }

  async #serve({ id, target }: StreamOrder): Promise<void> {
    if (this.#count >= largestStreams) return this.#calls.refuseStream(id, "too-many");
    this.#count += 1;
    try {
      const far = await this.#open(target).catch((error: unknown) => (error instanceof StreamError ? error : new StreamError("failed", { cause: error })));
      if (!(far instanceof StreamError)) return await this.#join(id, far);
      if (far.code === "failed") this.#log.warn("The target of a stream could not be opened", { stream: target.kind, error: far });
      await this.#calls.refuseStream(id, far.code);
    } finally {
      this.#count -= 1;
    }
  }

  async #open(target: StreamTarget): Promise<Duplex> {
    const limit = AbortSignal.timeout(openTargetMs);
    try {
      return await this.#targets.open(target, AbortSignal.any([limit, this.#leaving.signal]));
    } catch (error) {
      throw limit.aborted ? new StreamError("timed-out") : error;
    }
  }

  /** Returns when the stream is over. */
  async #join(id: string, far: Duplex): Promise<void> {
    far.on("error", () => undefined); // the pipelines end with it
    try {
      const near = await this.#calls.dialStream(id);
      const { signal } = this.#leaving;
      await Promise.all([pipeline(near, far, { signal }), pipeline(far, near, { signal })]).catch(() => near.destroy());
    } finally {
      far.destroy();
    }
  }
}
