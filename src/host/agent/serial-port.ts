/**
 * A guest's serial port as a byte stream, for one user at a time. What is written is typed at the guest; what is read is what the guest says, from the
 * console's file, beginning with the last that it said: who comes late sees what there was. A reader that is slow makes nobody wait: it reads
 * later, and misses what the file no longer has then. The guest needs no network for any of it.
 */
import { Duplex, type Writable } from "node:stream";
import { consoleBytes } from "../protocol/exchange.ts";
import { StreamError } from "../protocol/stream.ts";
import type { ConsoleFiles } from "./console-files.ts";

export class SerialPort {
  readonly #consoles: ConsoleFiles;
  readonly #file: string;
  #taken = false;

  constructor(consoles: ConsoleFiles, file: string) {
    this.#consoles = consoles;
    this.#file = file;
  }

  /** `ended` settles with the guest's engine, and ends the stream. Rejects with a StreamError when somebody has the port. */
  async open(openInput: () => Promise<Writable>, ended: Promise<unknown>): Promise<Duplex> {
    if (this.#taken) throw new StreamError("busy");
    this.#taken = true;
    try {
      const from = Math.max(0, (await this.#consoles.size(this.#file)) - consoleBytes);
      const session = new SerialSession(this.#consoles, this.#file, from, await openInput());
      session.once("close", () => (this.#taken = false));
      const end = () => session.finish();
      ended.then(end, end);
      return session;
    } catch (error) {
      this.#taken = false;
      throw error;
    }
  }
}

const pieceBytes = 32 * 1024;

class SerialSession extends Duplex {
  readonly #consoles: ConsoleFiles;
  readonly #file: string;
  readonly #input: Writable;
  readonly #unwatch: () => void;
  #place: number;
  #wanted = false;
  #reading = false;
  /** The file has changed since it was last read. */
  #news = true;
  #isOver = false;
  #saidEnd = false;

  constructor(consoles: ConsoleFiles, file: string, from: number, input: Writable) {
    super();
    this.#consoles = consoles;
    this.#file = file;
    this.#place = from;
    this.#input = input;
    input.on("error", (error) => this.destroy(error));
    input.on("close", () => this.finish());
    this.#unwatch = consoles.watch(file, () => this.#hear());
  }

  /** Nothing more is to come but what the file has. */
  finish(): void {
    this.#isOver = true;
    this.#hear();
  }

  #hear(): void {
    this.#news = true;
    void this.#readOn();
  }

  override _read(): void {
    this.#wanted = true;
    void this.#readOn();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#input.write(chunk, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#unwatch();
    this.#input.destroy();
    done(error);
  }

  async #readOn(): Promise<void> {
    if (!this.#wanted || this.#reading || this.#saidEnd || this.destroyed) return;
    this.#reading = true;
    try {
      while (this.#wanted && this.#news && !this.#saidEnd) {
        this.#news = false;
        const { output, next } = await this.#consoles.read(this.#file, this.#place, pieceBytes);
        this.#place = next;
        if (output.length > 0) {
          this.#news = true;
          this.#wanted = this.push(output);
        } else if (this.#isOver && !this.#news) {
          this.#saidEnd = true; // the next run's output is not this session's
          this.push(null);
        }
      }
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error("reading a console", { cause: error }));
    } finally {
      this.#reading = false;
    }
  }
}
