/** Brings images' files to a host that has joined and has none: kernels of paravirtual guests, and root disks of images that are no snapshots. */
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { get } from "node:https";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { hostImagePath, versionHeader } from "../protocol/joining.ts";
import { secureOptions, type TlsPeer } from "./control-plane-transport.ts";
import { diskFiles } from "./durable-files.ts";

/** Makes sure that the images folder has the file: fetched once, whole or not at all. */
export type FetchImage = (name: string, signal: AbortSignal) => Promise<void>;

export function imageFetcher(hostId: string, peer: TlsPeer, imagesDirectory: string): FetchImage {
  const fetching = new Map<string, Promise<void>>();
  return async (name, signal) => {
    const file = join(imagesDirectory, name);
    if (await stat(file).then(() => true, () => false)) return;
    const under = fetching.get(name) ?? fetchFile(hostImagePath(hostId, name), file, peer, signal).finally(() => fetching.delete(name));
    fetching.set(name, under);
    await under;
  };
}

async function fetchFile(path: string, file: string, peer: TlsPeer, signal: AbortSignal): Promise<void> {
  const unfinished = `${file}.new`;
  await diskFiles.makeDirectory(join(file, ".."));
  try {
    const answer = await ask(path, peer, signal);
    await pipeline(answer, createWriteStream(unfinished, { mode: 0o644, flush: true }), { signal }); // engines read it as other users
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw new Error(`the image's file ${file} cannot be had from the control plane`, { cause });
  }
}

/** An answer that is cut short is an error of its stream. */
function ask(path: string, peer: TlsPeer, signal: AbortSignal): Promise<IncomingMessage> {
  const { hostname, port } = new URL(peer.url);
  return new Promise((resolve, reject) => {
    const call = get({ hostname, port, path, agent: false, signal, headers: { [versionHeader]: peer.version }, ...secureOptions(peer) }, (answer) => {
      if (answer.statusCode === 200) return resolve(answer);
      call.destroy();
      reject(new Error(`the control plane answered with ${answer.statusCode}`));
    });
    call.on("error", reject);
  });
}
