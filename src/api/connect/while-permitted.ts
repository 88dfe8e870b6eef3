/** What ends everything that is open, whatever it is, when its user might not open it any more: rights, sessions, instances and endpoints come and go. */
import { toProblem, type TerminalProblem } from "./terminal-problem.ts";

/** How often it is asked. */
export const usualCheckMs = 2_000;

/** Asks again and again. When `permitted` rejects as a refused call does, `end` is called, once; what merely failed is asked anew. Returns what ends the asking. */
export function whilePermitted(permitted: () => Promise<void>, everyMs: number, end: (problem: TerminalProblem) => void): () => void {
  let timer = setTimeout(() => void ask(), everyMs);
  let isOver = false;
  const ask = async (): Promise<void> => {
    const problem = await permitted().then(() => undefined, toProblem);
    if (isOver) return;
    if (problem === undefined || problem.code === "failed") timer = setTimeout(() => void ask(), everyMs);
    else end(problem);
  };
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
