/** Signals to processes that live by themselves: between the look that found one and the signal it may have ended, which is no failure. */

/** To a process, or to the group with this number below zero. */
export function sendSignal(target: number, name: NodeJS.Signals): void {
  if (target === 0) throw new RangeError("no process is named"); // to the kernel it is the caller's own group
  try {
    process.kill(target, name);
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ESRCH")) throw thrown;
  }
}
