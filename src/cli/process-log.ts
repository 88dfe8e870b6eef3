/** The log of a background process: JSON lines on its standard output, which its starter pointed at the log file. */
import { jsonLog, type Log } from "../base/log.ts";

export function processLog(component: string): Log {
  return jsonLog((line) => void process.stdout.write(line), Date.now, { component, pid: process.pid });
}

/** Aborts when the process is asked to end. */
export function endSignal(): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  process.on("SIGTERM", abort);
  process.on("SIGINT", abort);
  return controller.signal;
}
