import { PassThrough, duplexPair, type Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect, it } from "vitest";
import { frameStream } from "./framed-stream.ts";

/** What comes out when the frames arrive in pieces of this size. */
async function receivedInPieces(written: Buffer, size: number): Promise<Buffer> {
  const [out, into] = duplexPair();
  const wire = buffer(into);
  const sender = frameStream(out);
  sender.end(written);
  await new Promise((resolve) => sender.once("finish", resolve));
  out.end();
  const frames = await wire;
  const arriving = new PassThrough();
  const received = buffer(frameStream(arriving));
  for (let at = 0; at < frames.length; at += size) arriving.write(frames.subarray(at, at + size));
  return received;
}

it("bytes come out as they went in, however the connection cuts them", async () => {
  const written = Buffer.from(Array.from({ length: 150_000 }, (_byte, index) => (index * 7919) % 251));
  for (const size of [1, 2, 3, 1_000, 65_536, 1_000_000]) expect((await receivedInPieces(written, size)).equals(written), `pieces of ${size}`).toBe(true);
});

/** How a stream ends whose own direction has ended, and of which this arrived before its connection closed. */
async function endOf(arrived: Buffer): Promise<string> {
  const [near, far] = duplexPair();
  const stream = frameStream(near).resume().end();
  far.resume();
  await new Promise((resolve) => stream.once("finish", resolve));
  far.end(arrived);
  return new Promise((resolve) => stream.once("end", () => resolve("end")).once("error", () => resolve("break")));
}

it("a connection that closes is a break, in the middle of a frame or between two, unless the direction was ended", async () => {
  const seen = [Buffer.alloc(0), Buffer.from([0]), Buffer.from([0, 2, 65]), Buffer.from([0, 1, 65]), Buffer.from([0, 1, 65, 0, 0])].map(endOf);
  expect(await Promise.all(seen)).toEqual(["break", "break", "break", "break", "end"]);
});

it("the connection closes when both directions have ended", async () => {
  const [near, far] = duplexPair();
  const [one, other]: readonly Duplex[] = [frameStream(near), frameStream(far)];
  const closed = Promise.all([near, far].map((end) => new Promise((resolve) => end.once("close", resolve))));
  one?.resume().end("a");
  other?.resume().end("b");
  await closed;
});
