/** A failure that the command line reports: what went wrong, what to do about it, and the exit code for scripts. */

export const exitCodes = { ok: 0, failed: 1, usage: 2, notRunning: 3 } as const;

export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly remedy: string | undefined;
  readonly exitCode: number;
  constructor(message: string, options: { remedy?: string; exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = options.remedy;
    this.exitCode = options.exitCode ?? exitCodes.failed;
  }
}

export function notRunning(dataDirectory: string): CommandError {
  return new CommandError(`Hostelry is not running (data directory ${dataDirectory}).`, {
    remedy: "Start it: ./hostelry up",
    exitCode: exitCodes.notRunning,
  });
}
