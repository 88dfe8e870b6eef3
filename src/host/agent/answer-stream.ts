/** A stream that is nothing but an answer (`protocol/stream.ts`). */
import { duplexPair, type Duplex } from "node:stream";
import { errorChain } from "../../base/errors.ts";
import type { StreamAnswer } from "../protocol/stream.ts";

/** Open at once, since what is asked for may take longer than a stream may take to open. The signal aborts when nobody waits any more. */
export function answerStream<Answer>(work: (signal: AbortSignal) => Promise<Answer>): Duplex {
  const [near, far] = duplexPair();
  const unwanted = new AbortController();
  const say = (content: StreamAnswer<Answer>) => void far.end(JSON.stringify(content));
  work(unwanted.signal).then(
    (answer) => say({ answer }),
    (error: unknown) => say({ refusal: errorChain(error) }),
  );
  for (const end of [near, far]) end.on("error", () => undefined); // whoever asked sees the stream's end
  near.once("close", () => unwanted.abort());
  far.resume();
  return near;
}
