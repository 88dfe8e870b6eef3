/**
 * What the computer of an emulated host is given to read, beside its system: the folders of this program, at the paths that they have here, and a folder that
 * says what is this host's alone. Nobody but root may read that: the join token is in it.
 */
import { existsSync, realpathSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compileCacheDirectory } from "../compile-cache.ts";

export interface MachineSettings {
  readonly host: string;
  /** With the prefix length of the underlay network. */
  readonly address: string;
  /** Of the control plane's door for hosts. */
  readonly url: string;
  readonly resolvers: readonly string[];
  /** Its network devices and NVMe controllers whose virtual functions guests may have. */
  readonly cards: readonly string[];
  readonly token: string;
}

/** The folders that are not within another of them. */
export function programFolders(): readonly string[] {
  const root = programRoot();
  const needed = [root, dirname(dirname(runtime())), ...["node_modules", ".runtime"].map((name) => join(root, name)).filter((path) => existsSync(path)).map((path) => realpathSync(path))];
  return needed.filter((path, index) => !needed.some((other, at) => at !== index && isWithin(path, other, at < index)));
}

/** Writes `settings` (shell) and `token` into the folder; returns what the computer mounts, by tags. */
export async function writeMachineFolder(folder: string, settings: MachineSettings): Promise<Readonly<Record<string, string>>> {
  const folders = programFolders();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { host, address, url, resolvers, cards, token } = settings;
  const values = { host, address, url, resolvers: resolvers.join(" "), cards: cards.join(" "), folders: folders.join("\n"), program: programRoot(), node: runtime(), cache: compileCacheDirectory, data: "/var/lib/hostelry" };
  await writeFile(join(folder, "settings"), Object.entries(values).map(([name, value]) => `${name}=${quote(value)}\n`).join(""), { mode: 0o600 });
  await writeFile(join(folder, "token"), token, { mode: 0o600 });
  return { machine: folder, ...Object.fromEntries(folders.map((path, index) => [`folder${index}`, path])) };
}

function programRoot(): string {
  return new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");
}

function runtime(): string {
  return realpathSync(process.execPath);
}

function isWithin(path: string, other: string, orSame: boolean): boolean {
  return path.startsWith(`${other}/`) || (orSame && path === other);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
