/** Scalars written as text, in query parameters, headers and paths: what is accepted, and what it becomes. */
import type { ScalarKind } from "./shape.ts";

/** What the text should have been, for the message that refuses it. */
export const scalarDescriptions: Readonly<Record<ScalarKind, string>> = {
  string: "a string",
  boolean: "true or false",
  integer: "an integer",
  fractional: "a number",
  timestamp: "a time in ISO 8601 form",
  blob: "base64",
};

/** The value, or undefined when the text is none of this kind. */
export function parseScalar(kind: ScalarKind, text: string): string | boolean | number | Date | Uint8Array | undefined {
  switch (kind) {
    case "string":
      return text;
    case "boolean":
      return parseBoolean(text);
    case "integer":
      return parseInteger(text);
    case "fractional":
      return parseFractional(text);
    case "timestamp":
      return parseTimestamp(text);
    case "blob":
      return parseBase64(text);
  }
}

function parseBoolean(text: string): boolean | undefined {
  const lower = text.length <= 5 ? text.toLowerCase() : "";
  return lower === "true" ? true : lower === "false" ? false : undefined;
}

function parseInteger(text: string): number | undefined {
  if (!/^[+-]?\d{1,19}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function parseFractional(text: string): number | undefined {
  if (text.length > 64 || !/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

const iso8601 = /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** A time in ISO 8601 form; without a zone it is UTC. A day that its month does not have is no time. */
export function parseTimestamp(text: string): Date | undefined {
  const match = iso8601.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, zone] = match;
  if (Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) return undefined;
  const time = new Date(text.length > 10 && zone === undefined ? `${text}Z` : text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** `2026-01-15T10:20:30.000Z`: what `toISOString` gives, at a third of its cost, because lists of instances are full of times. */
export function formatTimestamp(time: Date): string {
  const year = time.getUTCFullYear();
  if (year < 1000 || year > 9999) return time.toISOString();
  const date = `${year}-${twoDigits(time.getUTCMonth() + 1)}-${twoDigits(time.getUTCDate())}`;
  const clock = `${twoDigits(time.getUTCHours())}:${twoDigits(time.getUTCMinutes())}:${twoDigits(time.getUTCSeconds())}`;
  return `${date}T${clock}.${String(time.getUTCMilliseconds()).padStart(3, "0")}Z`;
}

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

/** The bytes, or undefined when the text is not padded base64 in the standard alphabet. */
export function parseBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "base64"));
}

export function formatBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
