/**
 * Installations under test live side by side on one machine, also those of several runs and checkouts. What each needs for itself: an id that no other has,
 * and blocks of addresses that nobody chooses while it chooses. The turn to choose is a socket's name that the kernel keeps for each network namespace, as it
 * does addresses, and takes back when the process ends.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const turnName = "\0hostelry-test-networks";

/** Six hexadecimal digits. */
export function newInstallationId(): string {
  return randomBytes(3).toString("hex");
}

/** Waits until no other test on this machine has the turn; until it is disposed of, none chooses blocks. */
export async function takeTurn(): Promise<Disposable> {
  const turn = createServer();
  while (!(await listens(turn))) await sleep(50);
  return { [Symbol.dispose]: () => void turn.close() };
}

async function listens(turn: Server): Promise<boolean> {
  turn.listen(turnName);
  return once(turn, "listening").then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") throw error;
      return false;
    },
  );
}
