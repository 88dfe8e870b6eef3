/** The data format of SSH (RFC 4251 §5): length-prefixed strings and multiple-precision integers, written and read. */

export function sshString(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A non-negative integer in as few bytes as possible; a leading zero keeps the sign bit clear. */
export function sshInteger(magnitude: Uint8Array): Buffer {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const bytes = first < 0 ? Buffer.alloc(0) : Buffer.from(magnitude.subarray(first));
  return sshString((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

/** The strings that the data consists of, or undefined when it ends in the middle of one. Refuses more than `limit` of them. */
export function readSshStrings(data: Uint8Array, limit = 16): Buffer[] | undefined {
  const view = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const strings: Buffer[] = [];
  for (let at = 0; at < view.length; ) {
    if (view.length - at < 4 || strings.length === limit) return undefined;
    const end = at + 4 + view.readUInt32BE(at);
    if (end > view.length) return undefined;
    strings.push(view.subarray(at + 4, end));
    at = end;
  }
  return strings;
}
