/** DER, the encoding of certificates and of what is said about them (X.690): as much of it as these need, and written only. */

/** One value with its tag and length. `content` is put together. */
export function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag), lengthOf(body.length), body]);
}

function lengthOf(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.of(bytes);
  const digits = bytes < 0x100 ? [bytes] : [bytes >> 8, bytes & 0xff]; // nothing here is longer than 64 KiB
  return Buffer.of(0x80 | digits.length, ...digits);
}

export function sequence(...content: readonly Uint8Array[]): Buffer {
  return tagged(0x30, ...content);
}

export function set(...content: readonly Uint8Array[]): Buffer {
  return tagged(0x31, ...content);
}

/** `[n] EXPLICIT`: the whole value inside of another tag. */
export function explicit(number: number, content: Uint8Array): Buffer {
  return tagged(0xa0 | number, content);
}

/** A positive integer, or 0. */
export function integer(magnitude: Uint8Array | number): Buffer {
  const bytes = typeof magnitude === "number" ? Buffer.of(magnitude) : magnitude;
  return (bytes[0] ?? 0) >= 0x80 ? tagged(0x02, Buffer.of(0), bytes) : tagged(0x02, bytes);
}

export function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.of(value ? 0xff : 0));
}

/** `unused`: how many of the last byte's lowest bits do not count. */
export function bitString(bytes: Uint8Array, unused = 0): Buffer {
  return tagged(0x03, Buffer.of(unused), bytes);
}

export function octetString(bytes: Uint8Array): Buffer {
  return tagged(0x04, bytes);
}

export function utf8String(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text));
}

/** `2.5.29.15`. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

function base128(number: number): number[] {
  const digits = [number & 0x7f];
  for (let left = number >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
  return digits;
}

/** To the second, with a year of four digits. */
export function generalizedTime(atMs: number): Buffer {
  return tagged(0x18, Buffer.from(`${digitsOf(atMs)}Z`));
}

/** As certificates have it: with a year of two digits until 2049 (RFC 5280 §4.1.2.5). */
export function certificateTime(atMs: number): Buffer {
  return new Date(atMs).getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(`${digitsOf(atMs).slice(2)}Z`)) : generalizedTime(atMs);
}

function digitsOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, "").replaceAll(/\D/g, "");
}
