/**
 * How long an agent waits for a volume's storage daemon. One that answers no command, or never ends what it was told to end, is given up: it is killed, and a new
 * one takes its place as after any death. Guests' engines wait and reconnect, and what was answered is on disk (decision 0008).
 *
 * What may take long and be in order: a flush on a busy disk, and a read that waits for the snapshot store. Killing the daemon then costs a pause. Opening a large
 * layer whose daemon was killed is another matter (decision 0010): it would begin anew, so it may take much longer.
 *
 * Commands are said one after the other, as QEMU carries them out, so that none is blamed for the one before it. A daemon that nobody has something to say to is
 * asked now and then: its guests and the agent's own readers wait for it by NBD.
 */
import type { QmpClient } from "../qmp/qmp-client.ts";

export interface Patience {
  readonly answerMs: number;
  /** For the opening of a layer. */
  readonly openMs: number;
  /** Between two questions to a daemon that is told nothing else. */
  readonly idleMs: number;
}

export const usualPatience: Patience = { answerMs: 120_000, openMs: 3_600_000, idleMs: 30_000 };

export class LateError extends Error {
  override readonly name = "LateError";
  readonly awaited: string;
  constructor(awaited: string, limitMs: number) {
    super(`the storage daemon is given up: ${awaited} did not come within ${limitMs} ms`);
    this.awaited = awaited;
  }
}

export interface PatientClient extends QmpClient {
  /** What the daemon does after it has answered: it is given up too when that takes longer than an answer may. */
  within<T>(awaited: string, result: Promise<T>): Promise<T>;
}

/** The client of a daemon that is given up when it lets the agent wait too long; `giveUp` is called once, and waited for. Whoever waits for anything is told why it does not come. */
export function patientClient(client: QmpClient, { answerMs, openMs, idleMs }: Patience, giveUp: (error: LateError) => Promise<void>): PatientClient {
  let last: Promise<unknown> = Promise.resolve();
  let given: { readonly error: LateError; readonly up: Promise<void> } | undefined;
  let waiting = 0;

  const within = async <T>(awaited: string, limitMs: number, result: Promise<T>): Promise<T> => {
    try {
      return await timed(awaited, limitMs, result);
    } catch (error) {
      if (error instanceof LateError) given ??= { error, up: giveUp(error) };
      await given?.up;
      throw given?.error ?? error;
    }
  };
  const execute = (command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> => {
    waiting++;
    const limitMs = command === "blockdev-add" ? openMs : answerMs;
    const answer = last.then(() => within(`an answer to ${command}`, limitMs, client.execute(command, args)));
    last = answer.catch(() => undefined).then(() => waiting--);
    return answer;
  };

  const asking = setInterval(() => {
    if (waiting === 0) execute("query-jobs").catch(() => undefined); // whoever needs the daemon is told by its end
  }, idleMs).unref();
  void client.closed.then(() => clearInterval(asking));
  return {
    execute,
    within: (awaited, result) => within(awaited, answerMs, result),
    onEvent: (listener) => client.onEvent(listener),
    closed: client.closed,
    close: () => client.close(),
  };
}

/** Of an agent that was itself stopped for long, or whose machine was, only a part counts: it blames nobody for it. */
const partsOfLimit = 20;

async function timed<T>(awaited: string, limitMs: number, result: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  let parts = 0;
  const timer = setInterval(() => void (++parts === partsOfLimit && late.reject(new LateError(awaited, limitMs))), limitMs / partsOfLimit);
  try {
    return await Promise.race([result, late.promise]);
  } finally {
    clearInterval(timer);
  }
}
