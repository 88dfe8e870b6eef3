import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, type Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { consoleBytes } from "../protocol/exchange.ts";
import { consoleFiles } from "./console-files.ts";
import { SerialPort } from "./serial-port.ts";

let folder: string;
let file: string;
let typed: PassThrough;
let port: SerialPort;
const never = new Promise<void>(() => undefined);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hostelry-serial-"));
  file = join(folder, "console");
  await writeFile(file, "login: ");
  typed = new PassThrough();
  port = new SerialPort(consoleFiles, file);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (ended: Promise<unknown> = never) => port.open(async () => typed, ended);

/** Reads on until the text read so far ends like this. */
async function readUntil(session: Duplex, end: string): Promise<string> {
  let text = "";
  for await (const part of session.iterator({ destroyOnReturn: false })) {
    text += String(part);
    if (text.endsWith(end)) return text;
  }
  return text;
}

test("Who comes sees what the guest said of late, then what it says, and types at it", async () => {
  const session = await open();
  expect(await readUntil(session, "login: ")).toBe("login: ");
  session.write("admin\r");
  expect(String(await new Promise((resolve) => typed.once("data", resolve)))).toBe("admin\r");
  await appendFile(file, "Password: ");
  expect(await readUntil(session, "Password: ")).toBe("Password: ");
  session.destroy();
});

test("Only the last part of a long talk is shown, and a file that is cut off meanwhile goes on", async () => {
  await writeFile(file, "a".repeat(10) + "b".repeat(consoleBytes));
  const session = await open();
  expect(await readUntil(session, "b".repeat(consoleBytes))).toHaveLength(consoleBytes);
  await truncate(file);
  await appendFile(file, "anew");
  expect(await readUntil(session, "anew")).toBe("anew");
  session.destroy();
});

test("One user has it at a time, and the next one when that one has left", async () => {
  const first = await open();
  await expect(open()).rejects.toMatchObject({ name: "StreamError", code: "busy" });
  await new Promise((resolve) => first.once("close", resolve).destroy());
  typed = new PassThrough();
  (await open()).destroy();
});

test("A port whose input cannot be opened is free again", async () => {
  await expect(port.open(() => Promise.reject(new Error("an old engine")), never)).rejects.toThrow("an old engine");
  (await open()).destroy();
});

test("It ends behind the guest's last words", async () => {
  const end = Promise.withResolvers<void>();
  const session = await open(end.promise);
  await readUntil(session, "login: ");
  await appendFile(file, "Power down");
  end.resolve();
  expect(await readUntil(session, "never")).toBe("Power down");
});
