/**
 * A byte stream over one connection, with an end that can be told from a break. A closed socket says neither: the process behind it may have ended its
 * direction, or itself.
 *
 *   frame = length (2 bytes, big endian) · that many bytes; a length of 0 ends the direction
 *
 * A connection that closes before both directions have ended breaks the stream. What the reader holds back is not read from the connection.
 */
import { Duplex } from "node:stream";

const largestFrame = 0xffff;
const endFrame = Buffer.from([0, 0]);

export function frameStream(connection: Duplex): Duplex {
  return new FramedStream(connection);
}

class FramedStream extends Duplex {
  readonly #connection: Duplex;
  /** Of a header that arrived in two parts. */
  #firstByte: number | undefined;
  /** Bytes of the frame that are still to come. */
  #missing = 0;
  #hasEnded = false;
  #saidEnd = false;

  constructor(connection: Duplex) {
    super({ allowHalfOpen: true });
    this.#connection = connection;
    connection.on("data", (chunk: Buffer) => this.#take(chunk));
    connection.on("error", (error) => this.destroy(error));
    for (const event of ["end", "close"] as const) connection.on(event, () => this.#lose());
    connection.pause();
  }

  override _read(): void {
    this.#connection.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#connection.cork();
    for (let at = 0; at < chunk.length; at += largestFrame) {
      const part = chunk.subarray(at, at + largestFrame);
      const header = Buffer.alloc(2);
      header.writeUInt16BE(part.length);
      this.#connection.write(header);
      this.#connection.write(part, at + part.length === chunk.length ? done : undefined);
    }
    if (chunk.length === 0) done();
    this.#connection.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#connection.write(endFrame, (error) => {
      this.#saidEnd = true;
      done(error);
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error === null && this.#hasEnded && this.#saidEnd) this.#connection.end(() => this.#connection.destroy());
    else this.#connection.destroy();
    done(error);
  }

  #take(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#hasEnded) {
      if (this.#missing > 0) {
        const part = rest.subarray(0, this.#missing);
        this.#missing -= part.length;
        rest = rest.subarray(part.length);
        if (!this.push(part)) this.#connection.pause();
      } else {
        rest = this.#takeHeader(rest);
      }
    }
  }

  #takeHeader(rest: Buffer): Buffer {
    const first = this.#firstByte ?? rest[0] ?? 0;
    const second = this.#firstByte === undefined ? rest[1] : rest[0];
    if (second === undefined) {
      this.#firstByte = first;
      return rest.subarray(1);
    }
    const used = this.#firstByte === undefined ? 2 : 1;
    this.#firstByte = undefined;
    this.#missing = first * 256 + second;
    if (this.#missing === 0) {
      this.#hasEnded = true;
      this.push(null);
    }
    return rest.subarray(used);
  }

  #lose(): void {
    if (!this.#hasEnded || !this.#saidEnd) this.destroy(new Error("the connection of a byte stream broke"));
  }
}
