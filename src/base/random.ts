/** Randomness is passed as an argument, so that a rule can be tested with a known sequence. */
export interface Random {
  /** Exactly `count` random bytes. */
  bytes(count: number): Uint8Array;
}

/** The operating system's randomness, fetched a few kilobytes at a time: every id needs eight bytes. No byte is given out twice. */
export const systemRandom: Random = pooledRandom(4096);

function pooledRandom(poolSize: number): Random {
  const pool = new Uint8Array(poolSize);
  let used = poolSize;
  return {
    bytes: (count) => {
      if (count > poolSize) return crypto.getRandomValues(new Uint8Array(count));
      if (used + count > poolSize) {
        crypto.getRandomValues(pool);
        used = 0;
      }
      const bytes = pool.slice(used, used + count);
      pool.fill(0, used, used + count);
      used += count;
      return bytes;
    },
  };
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal digits, two for each of `count` random bytes. */
export function randomHex(random: Random, count: number): string {
  return toHex(random.bytes(count));
}

function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += hexOfByte[byte];
  return hex;
}

/** From 0 to 2³² − 1. */
export function randomNumber(random: Random): number {
  return random.bytes(4).reduce((number, byte) => number * 256 + byte, 0);
}

/** A version 4 UUID, the form of EC2's request ids. */
export function randomUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
