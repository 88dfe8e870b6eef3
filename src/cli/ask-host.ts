/** Asks a host, wherever it is, for an answer that it must work for (`host/protocol/stream.ts`). */
import { addAbortSignal } from "node:stream";
import { text } from "node:stream/consumers";
import { StreamError, type HostStreams } from "../compute/host-streams.ts";
import type { InspectionTarget, StreamAnswer, WorkloadTarget } from "../host/protocol/stream.ts";
import { CommandError } from "./command-error.ts";

/** Fails with a `CommandError` when the host refuses, or does not answer in time. */
export async function askHost<Answer>(streams: HostStreams, host: string, target: InspectionTarget | WorkloadTarget, limitMs: number): Promise<Answer> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    const stream = await streams.open(host, target, limit);
    stream.end();
    const said = JSON.parse(await text(addAbortSignal(limit, stream))) as StreamAnswer<Answer>; // its agent speaks this protocol
    if ("answer" in said) return said.answer;
    throw new CommandError(`The host ${host} cannot do it: ${said.refusal}.`, { remedy: "See ./hostelry status" });
  } catch (thrown) {
    if (!(thrown instanceof StreamError) && !limit.aborted) throw thrown;
    throw new CommandError(`The host ${host} does not answer.`, { cause: thrown, remedy: "See ./hostelry host list" });
  }
}
