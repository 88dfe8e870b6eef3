/** The network between this machine and a guest, by what both have: TCP connections, and a file over HTTP. */
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import type { BenchGuests } from "./guests.ts";
import { describe } from "./network-course.ts";

export interface Network {
  readonly connectMs: number;
  readonly mbitPerSecond: number;
}

/** The file's size. */
export const webMib = 32;
const webPort = 7_110;
/** How many are tried. */
export const connections = 30;
/** Where nothing listens: a kernel refuses by itself, with one packet for one. */
const closedPort = 7_111;

/** Has the guest serve the file; returns its public address. */
export async function serveFile(guests: BenchGuests, id: string): Promise<string> {
  await guests.ssh(id, `sudo sh -c 'mkdir -p /run/bench && dd if=/dev/zero of=/run/bench/data bs=1M count=${webMib} 2> /dev/null && httpd -p ${webPort} -h /run/bench'`);
  const { PublicIpAddress: address } = await describe(guests, id);
  if (address === undefined) throw new Error(`${id} has no public address`);
  return address;
}

/** In Mbit/s. */
export function fetchFile(address: string): Promise<number> {
  return fetchSpeed(fileUrl(address));
}

/** How much of the file comes in that time, again and again, so that the slowest guest takes no longer than the fastest. */
export async function fetchFor(address: string, seconds: number): Promise<{ readonly mib: number; readonly mbitPerSecond: number }> {
  const signal = AbortSignal.timeout(seconds * 1_000);
  const begin = performance.now();
  let bytes = 0;
  try {
    for (;;) {
      const { ok, body } = await fetch(fileUrl(address), { signal });
      if (!ok || body === null) throw new Error(`${address} does not serve the file`);
      for await (const part of body) bytes += part.length;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (bytes === 0) throw new Error(`${address} sent nothing in ${seconds} s`);
  return { mib: bytes / 2 ** 20, mbitPerSecond: (bytes * 8) / 1e3 / (performance.now() - begin) };
}

function fileUrl(address: string): string {
  return `http://${address}:${webPort}/data`;
}

/** The least of several, in ms: from the first packet to the answer of what listens there. */
export async function connectTime(host: string, port: number): Promise<number> {
  let least = Infinity;
  for (let turn = 0; turn < connections; turn++) least = Math.min(least, await connectOnce(host, port));
  return least;
}

/** In ms: from one packet to the kernel's answer that nothing listens there. */
export async function refusalTime(host: string): Promise<number> {
  const begin = performance.now();
  const end = await connectOnce(host, closedPort).catch((error: unknown) => error);
  if (!(end instanceof Error && "code" in end && end.code === "ECONNREFUSED")) throw new Error(`${host} does not refuse connections to port ${closedPort}`, { cause: end });
  return performance.now() - begin;
}

/** This machine, without any guest. */
export async function measureLoopback(): Promise<Network> {
  const page = Buffer.alloc(webMib * 2 ** 20);
  const server = createServer((_request, response) => response.end(page));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has an address of this form
  try {
    return { connectMs: await connectTime("127.0.0.1", port), mbitPerSecond: await fetchSpeed(`http://127.0.0.1:${port}/`) };
  } finally {
    server.close();
  }
}

async function connectOnce(host: string, port: number): Promise<number> {
  const begin = performance.now();
  const socket = connect({ host, port });
  try {
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return performance.now() - begin;
  } finally {
    socket.destroy();
  }
}

async function fetchSpeed(url: string): Promise<number> {
  const begin = performance.now();
  const answer = await fetch(url);
  const bytes = (await answer.arrayBuffer()).byteLength;
  if (!answer.ok || bytes !== webMib * 2 ** 20) throw new Error(`${url} gave ${bytes} bytes and status ${answer.status}`);
  return (bytes * 8) / 1e3 / (performance.now() - begin);
}
