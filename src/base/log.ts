/** A log line is a fixed sentence and fields. Never secrets, never user data. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  info(sentence: string, fields?: LogFields): void;
  warn(sentence: string, fields?: LogFields): void;
  error(sentence: string, fields?: LogFields): void;
  /** The same log with these fields on every line. */
  with(fields: LogFields): Log;
}

/** Writes one JSON object a line to `write`; errors with their whole chain of causes. */
export function jsonLog(write: (line: string) => void, now: () => number, fields: LogFields = {}): Log {
  const at = (level: string) => (sentence: string, more: LogFields = {}) =>
    write(`${JSON.stringify({ at: new Date(now()).toISOString(), level, message: sentence, ...fields, ...more }, plain)}\n`);
  return {
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (more) => jsonLog(write, now, { ...fields, ...more }),
  };
}

export const silentLog: Log = { info() {}, warn() {}, error() {}, with: () => silentLog };

function plain(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, stack: value.stack, ...(value.cause === undefined ? {} : { cause: value.cause }) };
}
