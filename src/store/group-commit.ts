/**
 * The writing side of the database: pieces of work one after the other, several in one transaction, each in a savepoint of its own.
 *
 * What waits together is committed together, so that one wait for the disk serves many callers: calls that arrived at the same time, and the work in
 * the background between them. A piece that fails takes back only what it did itself. Nobody hears the outcome of a piece before the commit, and when the commit
 * fails, all its pieces have failed.
 *
 *   begin  [savepoint piece release]  [savepoint piece rollback]  …  commit  → every piece's caller hears
 */
import type { Connection, Session } from "./sqlite.ts";
import { openTurns, type Turns, type Urgency } from "./turns.ts";

export interface GroupCommit {
  /** Settles as the work does, after the commit that it became part of. */
  write<T>(work: (session: Session) => Promise<T>, urgency: Urgency): Promise<T>;
  /** Settles when nothing waits any more. */
  idle(): Promise<void>;
}

/** A piece of work; `perform` returns what to do once all is committed. */
interface Piece {
  readonly perform: () => Promise<Outcome>;
  readonly fail: (error: unknown) => void;
}

interface Outcome {
  /** Undefined for work that failed and took its writes back. */
  readonly session: Session | undefined;
  readonly tell: () => void;
}

/** A transaction takes no more work in after this time. */
const longestGroupMs = 20;
/** Without a caller among the work, calls that arrived are let in after this time. */
const sliceMs = 2;

/** `now` tells milliseconds that only rise. `committed` hears of each session's commit before anything else can happen. */
export function openGroupCommit(connection: Connection, now: () => number, committed: (session: Session) => void): GroupCommit {
  const turns = openTurns<Piece>(now);
  let alarm: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const start = (): void => {
    clearTimeout(alarm);
    running ??= run().finally(() => {
      running = undefined;
      const waitMs = turns.waitMs();
      if (waitMs === 0) start();
      else if (waitMs !== undefined) alarm = setTimeout(start, Math.ceil(waitMs));
    });
  };
  const run = async (): Promise<void> => {
    await arrivals();
    while (turns.waitMs() === 0) {
      await commitGroup(connection, turns, now, committed);
      await arrivals();
    }
  };

  return {
    write: (work, urgency) =>
      new Promise((resolve, reject) => {
        turns.put(urgency, { perform: () => inSavepoint(connection, work, resolve, reject), fail: reject });
        start();
      }),
    idle: async () => {
      while (turns.waitMs() !== undefined) await (running ?? arrivals());
      await running;
    },
  };
}

/** Whatever has arrived by now is put into its queue meanwhile. */
function arrivals(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function commitGroup(connection: Connection, turns: Turns<Piece>, now: () => number, committed: (session: Session) => void): Promise<void> {
  const began = now();
  const pieces: Piece[] = [];
  const outcomes: Outcome[] = [];
  let somebodyWaits = false;
  let slicedAt = began;
  try {
    for (let turn = turns.next(); turn !== undefined; turn = turns.next()) {
      pieces.push(turn.thing);
      if (pieces.length === 1) connection.run("begin immediate");
      outcomes.push(await turn.thing.perform());
      if (!connection.inTransaction) throw new Error("the database has taken the whole transaction back");
      somebodyWaits ||= turn.urgency === "now";
      if (now() - began > longestGroupMs || (somebodyWaits && !turns.hasUrgent)) break;
      if (now() - slicedAt < sliceMs) continue;
      await arrivals();
      slicedAt = now();
    }
    connection.run("commit");
  } catch (error) {
    if (connection.inTransaction) connection.run("rollback");
    for (const { session } of outcomes) if (session !== undefined) connection.changes.note(session.written);
    for (const piece of pieces) piece.fail(error);
    return;
  }
  for (const { session } of outcomes) if (session !== undefined) committed(session);
  for (const { tell } of outcomes) tell();
  if (somebodyWaits) turns.answered();
}

async function inSavepoint<T>(
  connection: Connection,
  work: (session: Session) => Promise<T>,
  resolve: (result: T) => void,
  reject: (error: unknown) => void,
): Promise<Outcome> {
  const session = connection.openSession();
  connection.run("savepoint piece");
  try {
    const result = await work(session);
    connection.run("release piece");
    return { session, tell: () => resolve(result) };
  } catch (error) {
    if (connection.inTransaction) {
      connection.run("rollback to piece");
      connection.run("release piece");
    }
    return { session: undefined, tell: () => reject(error) };
  } finally {
    session.end();
  }
}
