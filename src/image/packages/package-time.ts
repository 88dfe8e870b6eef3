/** When packages were built: the time that images made of them have, so that same packages give same bytes. */
import { open } from "node:fs/promises";

/** Seconds since 1970 of the youngest of these package files, read from the header of each one's first member. */
export async function youngestPackageTime(files: readonly string[]): Promise<number> {
  let youngest = 0;
  for (const file of files) youngest = Math.max(youngest, await packageTime(file));
  return youngest;
}

/** A package is an `ar` archive: 8 bytes of magic, then a member's name in 16 bytes and its time in 12, as text. */
async function packageTime(file: string): Promise<number> {
  const opened = await open(file);
  try {
    const header = Buffer.alloc(36);
    await opened.read(header, 0, header.length, 0);
    const time = Number(header.toString("latin1", 24, 36).trim());
    if (header.toString("latin1", 0, 8) !== "!<arch>\n" || !Number.isInteger(time)) throw new Error(`${file} is not a Debian package`);
    return time;
  } finally {
    await opened.close();
  }
}
